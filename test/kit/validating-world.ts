import { AD, compose, type Message, parseMessage, rcodeText, typeText } from '../../src/wire/index.ts'
import { SignedTree, type Tamper } from './signed-tree.ts'
import type { ZoneScript } from './signed-zone.ts'
import { World } from './world.ts'

export const SERVER = '192.0.2.53'
export const ROUND_TRIP = 10
export const DATA = ['www A 192.0.2.1', 'alias CNAME www', 'away CNAME www.plain.test.', 'there CNAME www.other.test.']
const ZONES: readonly ZoneScript[] = [
  { apex: 'test' },
  { apex: 'signed.test', records: DATA },
  { apex: 'other.test', records: DATA, denial: 'nsec3' },
  { apex: 'plain.test', records: DATA, algorithm: 'unsigned' },
]

/** A resolver that validates, and one server that knows a signed tree. */
export function validating(
  tamper: Tamper = (message) => message,
  zones: readonly ZoneScript[] = ZONES,
): { readonly world: World; readonly tree: SignedTree } {
  const tree = new SignedTree(zones)
  const world = new World({
    links: [{ ifindex: 2 }],
    dns: [SERVER],
    settings: { dnssec: 'yes', ...tree.settings },
  })
  world.serve(SERVER, (exchange) => {
    const { wire, question } = exchange
    const found = tamper(tree.reply(question), question)
    if (found === undefined) return 'silence'
    const { id, question: asked, opt } = parseMessage(wire)
    const answer = compose({
      ...found,
      id,
      question: asked,
      opt: opt && { ...opt, extendedRcode: found.rcode >> 4, options: [] },
    })
    world.clock.after(ROUND_TRIP, () => exchange.reply(answer))
    return 'silence'
  })
  return { world, tree }
}

/** Rcode, AD and the types of the answer. */
export function told(message: Message): string {
  return `${rcodeText(message.rcode)}${(message.flags & AD) === 0 ? '' : ' AD'} ${message.answer.map(({ type }) => typeText(type)).join(' ')}`
}
