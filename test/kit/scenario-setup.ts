import type { ResolvedSettings } from '../../src/settings/index.ts'
import { warningText, readResolvedConf } from '../../src/settings/index.ts'
import type { Command, Words } from './scenario-file.ts'
import type { LinkScript, World } from './world.ts'

/** The commands that say how the world is, at the start or from now on. */
export class ScenarioSetup {
  readonly #world: World
  #links: readonly LinkScript[] = []
  #config = ''

  constructor(world: World) {
    this.#world = world
  }

  /** False when the verb is none of ours. */
  play(verb: string, words: Words, command: Command): boolean {
    switch (verb) {
      case 'link':
        this.#link(words)
        return true
      case 'global':
        this.#world.change(listsOf(words, ['dns', 'domains']))
        return true
      case 'config':
        this.#world.change({ settings: this.#configure(command, words) })
        return true
      case 'hosts':
        this.#world.change({ hosts: command.block.map(({ text }) => text).join('\n') })
        return true
      case 'hostname':
        this.#world.change({ hostName: words.next('host name') })
        return true
      case 'gateway':
        this.#gateway(words)
        return true
      case 'flush':
        this.#world.flush()
        return true
      case 'reload':
        this.#world.reload()
        return true
      default:
        return false
    }
  }

  linkNamed(name: string, words: Words): LinkScript {
    return this.#links.find((link) => link.name === name) ?? words.fail(`there is no link '${name}'`)
  }

  /** `link NAME …`: a new link, or new words for one that is there already. */
  #link(words: Words): void {
    const name = words.next('link name')
    const known = this.#links.find((link) => link.name === name)
    const others = this.#links.filter((link) => link !== known)
    if (words.has('gone')) this.#links = others
    else {
      const free = 1 + Math.max(1, ...this.#links.map((link) => link.ifindex))
      const ifindex = words.numberAfter('ifindex') ?? known?.ifindex ?? free
      const link = { ...known, name, ifindex, ...isUpAmong(words), ...listsOf(words, ['dns', 'domains', 'addresses']) }
      this.#links = [...others, withDefaultRoute(link, words)].toSorted((a, b) => a.ifindex - b.ifindex)
    }
    this.#world.change({ links: this.#links })
  }

  /** One more assignment of resolved.conf. */
  #configure(command: Command, words: Words): ResolvedSettings {
    words.rest()
    this.#config += `${command.text.slice('config'.length).trim()}\n`
    const file = { path: command.file, text: `[Resolve]\n${this.#config}` }
    const { settings, warnings } = readResolvedConf([file], () => undefined)
    if (warnings[0] !== undefined) words.fail(warningText(warnings[0]))
    return settings
  }

  #gateway(words: Words): void {
    const gateway = words.next('address')
    const link = this.linkNamed(words.after('via') ?? words.fail('via which link?'), words)
    this.#world.change({ gateways: [{ gateway, ifindex: link.ifindex }] })
  }
}

function isUpAmong(words: Words): { isUp?: boolean } {
  if (words.has('down')) return { isUp: false }
  return words.has('up') ? { isUp: true } : {}
}

function withDefaultRoute(link: LinkScript, words: Words): LinkScript {
  const word = words.after('default-route')
  if (word === undefined) return link
  const { defaultRoute: _before, ...rest } = link
  return word === 'auto' ? rest : { ...rest, defaultRoute: word === 'yes' }
}

/** The lists after these keywords, words joined by commas: `dns 10.2.0.1,10.2.0.2`; `none` is the empty list. */
function listsOf<K extends string>(words: Words, keywords: readonly K[]): { [keyword in K]?: readonly string[] } {
  const lists: { [keyword in K]?: readonly string[] } = {}
  for (const keyword of keywords) {
    const value = words.after(keyword)
    if (value !== undefined) lists[keyword] = value === 'none' ? [] : value.split(',')
  }
  return lists
}
