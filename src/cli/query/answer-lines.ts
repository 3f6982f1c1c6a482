import { IpAddress } from '../../base/index.ts'
import { FLAG, has, ORIGINS, PROTOCOLS } from '../command/flags.ts'
import { timeSpan } from '../terminal/layout.ts'
import type { ReceivedAddress, HostAnswer, NamesAnswer, ServiceAnswer, ServiceName } from './lookups.ts'

/** One line of an answer, and the link to name behind it (0 = none). */
export interface AnswerLine {
  readonly text: string
  readonly ifindex: number
}
/** Gives a link's name. */
export type LinkNamer = (ifindex: number) => string

/** Where the remark on the link starts, when the line leaves room for it (C-Q-2). */
const LINK_COLUMN = 60

/** The remark naming the line's link, with the space before it. */
export function linkRemark({ text, ifindex }: AnswerLine, nameOf: LinkNamer): string {
  if (ifindex <= 0) return ''
  return `${' '.repeat(Math.max(1, LINK_COLUMN - text.length))}-- link: ${nameOf(ifindex)}`
}

/** `NAME: ADDR`, further addresses below it, and the canonical name when it is not `typed` byte by byte (C-Q-1, C-Q-4). */
export function hostLines(typed: string, answer: HostAnswer, nameOf: LinkNamer): AnswerLine[] {
  const lines = answer.addresses.map((address) => ({ text: addressText(address, nameOf), ifindex: address.ifindex }))
  const canonical = answer.canonical === typed ? [] : [{ text: `(${answer.canonical})`, ifindex: 0 }]
  return headed(`${typed}: `, [...lines, ...canonical])
}

/** `ADDR: NAME` and further names below it (C-Q-5). */
export function namesLines(address: string, answer: NamesAnswer): AnswerLine[] {
  return headed(
    `${address}: `,
    answer.names.map(({ name, ifindex }) => ({ text: name, ifindex })),
  )
}

/** Servers with their addresses, texts and canonical names (C-Q-11). */
export function serviceLines(asked: ServiceName, answer: ServiceAnswer, nameOf: LinkNamer): AnswerLine[] {
  const servers = answer.services.flatMap((service) => {
    const { host, port, priority, weight, canonicalHost } = service
    const isAlias = canonicalHost !== '' && canonicalHost !== host
    return [
      plain(`${host}:${port} [priority=${priority}, weight=${weight}]`),
      ...service.addresses.map((address) => ({ text: addressText(address, nameOf), ifindex: address.ifindex })),
      ...(isAlias ? [plain(`(${canonicalHost})`)] : []),
    ]
  })
  const texts = answer.txt.map((item) => plain(escapeControls(item)))
  const isElsewhere = serviceText(answer.canonical) !== serviceText(asked)
  const canonical = isElsewhere ? [plain(`(${serviceText(answer.canonical)})`)] : []
  return headed(`${serviceText(asked)}: `, [...servers, ...texts, ...canonical])
}

/** `NAME/TYPE/DOMAIN` without the parts that are empty. */
export function serviceText({ name, type, domain }: ServiceName): string {
  return [name, type, domain].filter((part) => part !== '').join('/')
}

/** A link-local IPv6 address says on which link it holds (C-Q-3). */
export function addressText({ bytes, ifindex }: ReceivedAddress, nameOf: LinkNamer): string {
  const address = IpAddress.fromBytes(bytes)
  if (address === undefined) return Buffer.from(bytes).toString('hex')
  const needsZone = address.bytes.length === 16 && address.isLinkLocal && ifindex > 0
  return needsZone ? `${address.text}%${nameOf(ifindex)}` : address.text
}

/** How the answer was come by, for people (C-Q-6); nothing when the daemon gave no flags. */
export function legendLines(flags: number, elapsedMicros: number): string[] {
  if (flags === 0) return []
  const protocol = PROTOCOLS.find(({ bit }) => has(flags, bit))
  const via = protocol === undefined ? '' : ` via protocol ${protocol.text}`
  const origins = ORIGINS.filter(([bit]) => has(flags, bit)).map(([, text]) => text)
  const isConfidential = has(flags, FLAG.CONFIDENTIAL)
  return [
    `-- Information acquired${via} in ${timeSpan(elapsedMicros)}.`,
    `-- Data is authenticated: ${yesNo(has(flags, FLAG.AUTHENTICATED))}; ` +
      `Data was acquired via local or encrypted transport: ${yesNo(isConfidential)}`,
    ...(origins.length > 0 ? [`-- Data from: ${origins.join(' ')}`] : []),
  ]
}

export function yesNo(value: boolean): string {
  return value ? 'yes' : 'no'
}

function plain(text: string): AnswerLine {
  return { text, ifindex: 0 }
}

/** The first line gets `head`, the others as much white space. */
function headed(head: string, lines: readonly AnswerLine[]): AnswerLine[] {
  return lines.map((line, i) => ({ ...line, text: (i === 0 ? head : ' '.repeat(head.length)) + line.text }))
}

/** UTF-8 text as it is; control characters, quotes, backslashes and other bytes the way C writes them. */
function escapeControls(bytes: Buffer): string {
  const isText = Buffer.from(bytes.toString('utf8')).equals(bytes)
  const text = bytes.toString(isText ? 'utf8' : 'latin1')
  const unprintable = isText ? /[\p{Cc}"\\]/gu : /[^ !#-[\]-~]/g
  return text.replace(unprintable, (letter) => C_ESCAPES.get(letter) ?? hexEscape(letter))
}

const C_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['"', '\\"'],
  ['\\', '\\\\'],
])

function hexEscape(letter: string): string {
  return `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`
}
