import type { OBSERVE_INTERFACE, Reply } from '../../varlink-idl/index.ts'
import { parseName, typeText } from '../../wire/index.ts'
import type { SettingOrigin } from '../settings/origins.ts'
import type { Why } from './why-reply.ts'

/** Times in microseconds of the wall clock. */
export interface CauseFacts {
  readonly why: Why
  readonly links: readonly LinkFacts[]
  /** Who set what on links, and when. */
  readonly origins: readonly SettingOrigin[]
  /** Servers to which the kernel lets no packets. */
  readonly unreachable: readonly Unreachable[]
  readonly now: number
}

/** `reason`: `none`, or the type of a route that rejects packets: `unreachable`, `prohibit`, `blackhole`. */
export interface Unreachable {
  /** Name of a link, or the label of what is none. */
  readonly link: string
  /** Its address. */
  readonly server: string
  readonly reason: string
}

/** What of a link decides whether it is asked. */
export type LinkFacts = Omit<
  Reply<typeof OBSERVE_INTERFACE, 'DescribeLinks'>['links'][number],
  'servers' | 'cacheSize' | 'replays'
>

export interface Cause {
  /** One sentence. */
  readonly cause: string
  /** A command, or what else to do; undefined where there is nothing to repair, or nothing that is known to help. */
  readonly repair: string | undefined
}

/**
 * The link that should take what nobody claims: the one packets leave by, else one without domains of its own. A VPN for some
 * domains is none, or it would get everything.
 */
export function linkForTheRest<L extends Pick<LinkFacts, 'inUse' | 'ifindex' | 'route' | 'domains'>>(
  links: readonly L[],
): L | undefined {
  const candidates = links.filter(({ inUse, ifindex }) => inUse && ifindex !== undefined)
  return candidates.find(({ route }) => route) ?? candidates.find(({ domains }) => domains.length === 0)
}

export function typesText({ types }: Pick<Why, 'types'>): string {
  return types.map(typeText).join(' or ')
}

/** With a capital letter, for the beginning of a sentence. */
export function capital(text: string): string {
  return text.replace(/^[a-z]/, (letter) => letter.toUpperCase())
}

export function isSingle(name: string): boolean {
  return name !== '.' && parseName(name) !== undefined && !name.includes('.')
}

export function winners({ scopes }: Why): readonly Why['scopes'][number][] {
  return scopes.filter(({ won }) => won)
}
