import type { Answer, RecordType, SoaAnswer, StringAnswer } from 'dns-packet'
import { parseType } from '../../../src/wire/index.ts'

/**
 * What a scripted upstream knows, by owner name: `{ 'www.corp.test': 'A 192.0.2.1' }`, several as a list, each
 * optionally led by a TTL: `'30 AAAA 2001:db8::1'`. `*.corp.test` matches what has no entry of its own.
 * Any type may be given as `TYPE65 0001…` (hex). Everything else does not exist.
 */
export type Zone = Readonly<Record<string, string | readonly string[]>>

export interface Found {
  readonly rcode: 'NOERROR' | 'NXDOMAIN'
  readonly answers: Answer[]
  readonly authorities: Answer[]
}

const defaultTtl = 300

/** Answers one question as an authoritative server would: CNAMEs followed inside the zone, SOA on negatives. */
export function find(zone: Zone, name: string, type: string, negativeTtl: number): Found {
  const answers: Answer[] = []
  let owner = name
  for (let hops = 0; hops < 8; hops++) {
    const records = recordsOf(zone, owner)
    if (records === undefined) {
      const missing = answers.length === 0 && !hasNamesBelow(zone, owner)
      return {
        rcode: missing ? 'NXDOMAIN' : 'NOERROR',
        answers,
        authorities: answers.length === 0 ? [soa(owner, negativeTtl)] : [],
      }
    }
    const matching = records.filter((each) => numberOf(each.type) === numberOf(type) || type === 'ANY')
    const alias = records.find((each): each is StringAnswer => each.type === 'CNAME')
    if (matching.length > 0) return { rcode: 'NOERROR', answers: [...answers, ...matching], authorities: [] }
    if (alias === undefined) return { rcode: 'NOERROR', answers, authorities: [soa(owner, negativeTtl)] }
    answers.push(alias)
    owner = alias.data
  }
  return { rcode: 'NOERROR', answers, authorities: [] }
}

/** `TYPE52` and `TLSA` are one type. */
function numberOf(type: string): number | undefined {
  return parseType(type.replace('UNKNOWN_', 'TYPE'))
}

function recordsOf(zone: Zone, owner: string): Answer[] | undefined {
  const lower = owner.toLowerCase()
  const wild = Object.keys(zone).find((key) => key.startsWith('*.') && lower.endsWith(key.slice(1)))
  const lines = zone[lower] ?? (wild === undefined ? undefined : zone[wild])
  if (lines === undefined) return undefined
  return (typeof lines === 'string' ? [lines] : lines).map((line) => record(owner, line))
}

function hasNamesBelow(zone: Zone, owner: string): boolean {
  return Object.keys(zone).some((key) => key.endsWith(`.${owner.toLowerCase()}`))
}

function record(name: string, line: string): Answer {
  const [first = '', ...others] = line.split(/\s+/)
  const ttl = /^\d+$/.test(first) ? Number(first) : undefined
  const [type = '', ...words] = ttl === undefined ? [first, ...others] : others
  const common = { name, ttl: ttl ?? defaultTtl, class: 'IN' as const }
  const [one = '', two = '', three = '', four = ''] = words
  switch (type) {
    case 'A':
    case 'AAAA':
    case 'CNAME':
    case 'PTR':
    case 'NS':
      return { ...common, type, data: one }
    case 'TXT':
      return { ...common, type, data: words.join(' ') }
    case 'MX':
      return { ...common, type, data: { preference: Number(one), exchange: two } }
    case 'SRV':
      return {
        ...common,
        type,
        data: { priority: Number(one), weight: Number(two), port: Number(three), target: four },
      }
    default:
      if (!/^TYPE\d+$/.test(type)) throw new Error(`zone: cannot read '${line}' of ${name}`)
      // dns-packet writes a type it has no name for as UNKNOWN_n, with the bytes as they are.
      return {
        ...common,
        type: `UNKNOWN_${type.slice(4)}` as RecordType,
        data: Buffer.from(words.join(''), 'hex'),
      } as Answer
  }
}

function soa(owner: string, minimum: number): SoaAnswer {
  const name = owner === '.' ? '.' : owner.split('.').slice(-2).join('.')
  const below = owner === '.' ? 'test' : name // a label that is empty would end the name
  const data = {
    mname: `ns.${below}`,
    rname: `hostmaster.${below}`,
    serial: 1,
    refresh: 3600,
    retry: 600,
    expire: 86400,
    minimum,
  }
  return { name, type: 'SOA', class: 'IN', ttl: Math.max(minimum, 1), data }
}
