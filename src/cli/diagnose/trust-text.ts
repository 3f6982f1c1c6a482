import { algorithmText, typeText } from '../../wire/index.ts'
import { roughSpan } from '../query/provenance.ts'
import type { Why } from './why-reply.ts'

type Trust = NonNullable<Why['trust']>[number]
type Link = Trust['links'][number]
type Key = Link['keys'][number]

const DIGESTS: ReadonlyMap<number, string> = new Map([
  [1, 'SHA-1'],
  [2, 'SHA-256'],
  [4, 'SHA-384'],
])
const DNSKEY = 48
const DAY = 86_400_000_000

/**
 * The chain of trust from its anchor down, a line for each set that holds: which key signed it and how long that is valid;
 * then what it comes to, and where it breaks. `now` in microseconds since 1970.
 */
export function trustLines({ anchor, links, verdict, reason }: Trust, now: number): string[] {
  const start = anchor === undefined ? [] : [`anchor of ${nameText(anchor.name)}: ${keysText(anchor.keys)}`]
  const chain = [...start, ...links.map((link) => linkText(link, now))]
  return [
    ...chain.map((line, i) => (i === 0 ? line : `${'  '.repeat(Math.min(i, 8) - 1)}└ ${line}`)),
    endText(verdict, reason),
  ]
}

/** The title of a chain. */
export function trustTitle({ key, scope }: Trust): string {
  return `Chain of trust of ${key.name} ${typeText(key.type)} by ${scope}`
}

function linkText(link: Link, now: number): string {
  const { name, type, zone, keyTag, algorithm, expirationUSec, ttlUSec, keys } = link
  const by = `signed by key ${keyTag} (${algorithmText(algorithm)})${zone === name && type === DNSKEY ? ', its own' : ` of ${nameText(zone)}`}`
  const held = keys.length === 0 ? '' : `: ${keysText(keys)}`
  const left = expirationUSec - now
  const until = left < 0 ? 'expired, as far as clocks may differ' : `valid for ${spanText(left)}`
  return `${nameText(name)} ${typeText(type)}${held}, ${by}, ${until}, kept for ${spanText(ttlUSec)}`
}

function endText(verdict: string, reason: string | undefined): string {
  if (verdict === 'secure') return 'secure: every link holds'
  return verdict === 'insecure' ? `unsigned: ${reason ?? ''}` : `BROKEN: ${reason ?? ''}`
}

/** Keys that may be entered by are told with their algorithm; of the others there are only tags to tell. */
function keysText(keys: readonly Key[]): string {
  return keys
    .map(({ tag, algorithm, digestType, entryPoint }) => {
      const digest = digestType === undefined ? '' : `, ${DIGESTS.get(digestType) ?? `digest ${digestType}`}`
      return `${entryPoint === true ? 'entry ' : ''}${tag} (${algorithmText(algorithm)}${digest})`
    })
    .join(' · ')
}

function nameText(name: string): string {
  return name === '.' ? 'the root' : name
}

function spanText(micros: number): string {
  return micros >= 2 * DAY ? `${Math.floor(micros / DAY)} days` : roughSpan(micros)
}
