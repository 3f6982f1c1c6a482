import { describe, expect, test } from 'vitest'
import type { KeyObservation, PositiveAnchor, TrustPoint } from '../../../src/dnssec/index.ts'
import {
  afterLook,
  afterNoAnswer,
  anchorInForce,
  formatTrustPoint,
  newTrustPoint,
  nodeAlgorithms,
  parseTrustPoint,
  readDnskey,
  readDs,
  TrustPointFileError,
  vouchesFor,
} from '../../../src/dnssec/index.ts'
import type { Dnskey } from '../../../src/dnssec/index.ts'
import { ROOT } from '../../../src/wire/index.ts'
import { SigningKey } from '../../kit/signing-key.ts'

const [HOUR, DAY] = [3600, 86_400]
const START = 1_800_000_000
const ALGORITHMS = nodeAlgorithms()
const [OLD, NEW, OTHER] = [new SigningKey(15), new SigningKey(15), new SigningKey(15)] as const
const keyOf = (key: SigningKey) => readDnskey(key.rdata) as Dnskey
const CONFIGURED: PositiveAnchor = { name: ROOT, ds: [readDs(OLD.ds(ROOT).rdata) ?? []].flat(), keys: [] }

function seen(present: readonly SigningKey[] | undefined, revoked: readonly SigningKey[] = []): KeyObservation {
  const asRevoked = (key: Dnskey): Dnskey => {
    const rdata = Buffer.from(key.rdata)
    rdata.writeUInt16BE(key.flags | 0x0080, 0)
    return readDnskey(rdata) as Dnskey
  }
  return {
    present: present?.map(keyOf),
    revoked: revoked.map((key) => asRevoked(keyOf(key))),
    originalTtl: 2 * DAY,
    validity: 10 * DAY,
  }
}

type Look = readonly [day: number, observation: KeyObservation]

function followed(looks: readonly Look[]): TrustPoint {
  const isTrusted = (key: Dnskey) => vouchesFor(CONFIGURED, key, ALGORITHMS)
  const after = (point: TrustPoint, [day, observation]: Look) =>
    afterLook(point, observation, isTrusted, START + day * DAY)
  return looks.reduce(after, newTrustPoint(ROOT))
}

function states(point: TrustPoint): string {
  const names = new Map([OLD, NEW, OTHER].map((key, i) => [keyOf(key).tag, ['old', 'new', 'other'][i]]))
  return point.keys.map(({ key, state }) => `${names.get(key.tag)} ${state}`).join(', ')
}

/** Tags of the keys that may start chains; DS records are `ds`. */
function trusted(point: TrustPoint): string[] {
  const anchor = anchorInForce(CONFIGURED, point, ALGORITHMS)
  const names = new Map([OLD, NEW, OTHER].map((key, i) => [keyOf(key).tag, ['old', 'new', 'other'][i] as string]))
  return [...(anchor?.ds.map(() => 'ds') ?? []), ...(anchor?.keys.map(({ tag }) => names.get(tag) ?? '?') ?? [])]
}

const both = seen([OLD, NEW])
const cases: readonly [what: string, looks: readonly Look[], states: string, trusted: readonly string[]][] = [
  ['the configured key is valid at once', [[0, seen([OLD])]], 'old valid', ['ds', 'old']],
  [
    'a new key has to wait',
    [
      [0, both],
      [29, both],
    ],
    'old valid, new add-pending',
    ['ds', 'old'],
  ],
  [
    'and is trusted when it is still seen after 30 days',
    [
      [0, both],
      [15, both],
      [30, both],
    ],
    'old valid, new valid',
    ['ds', 'old', 'new'],
  ],
  ['time alone does not make it valid', [[0, both]], 'old valid, new add-pending', ['ds', 'old']],
  [
    'a new key that goes away in between begins anew',
    [
      [0, both],
      [15, seen([OLD])],
      [16, both],
      [31, both],
    ],
    'old valid, new add-pending',
    ['ds', 'old'],
  ],
  [
    'a set that no trusted key signs says nothing',
    [
      [0, both],
      [31, seen(undefined)],
    ],
    'old valid, new add-pending',
    ['ds', 'old'],
  ],
  [
    'nor does it take a new key’s time away',
    [
      [0, both],
      [15, seen(undefined)],
      [31, both],
    ],
    'old valid, new valid',
    ['ds', 'old', 'new'],
  ],
  [
    'a trusted key that is not there stays trusted',
    [
      [0, both],
      [30, both],
      [31, seen([NEW])],
    ],
    'old missing, new valid',
    ['ds', 'old', 'new'],
  ],
  [
    'and is valid when it is back',
    [
      [0, seen([OLD])],
      [1, seen([])],
      [2, seen([OLD])],
    ],
    'old valid',
    ['ds', 'old'],
  ],
  [
    'a revoked key is not trusted, and neither is its DS',
    [
      [0, both],
      [30, both],
      [31, seen([NEW], [OLD])],
    ],
    'old revoked, new valid',
    ['new'],
  ],
  [
    'a key revokes itself, whoever else signs',
    [
      [0, both],
      [30, both],
      [31, seen(undefined, [OLD])],
    ],
    'old revoked, new valid',
    ['new'],
  ],
  [
    'nobody revokes a key that is not trusted',
    [
      [0, both],
      [1, seen([OLD], [NEW])],
    ],
    'old valid',
    ['ds', 'old'],
  ],
  ['a key that is revoked at first sight', [[0, seen(undefined, [OLD])]], 'old revoked', []],
  [
    'a revoked key never comes back',
    [
      [0, both],
      [30, both],
      [31, seen([NEW], [OLD])],
      [70, seen([OLD, NEW])],
      [140, seen([OLD, NEW])],
    ],
    'old removed, new valid',
    ['new'],
  ],
  [
    'a whole rollover',
    [
      [0, both],
      [30, both],
      [31, seen([NEW], [OLD])],
      [40, seen([NEW, OTHER])],
      [71, seen([NEW, OTHER])],
    ],
    'old removed, new valid, other valid',
    ['new', 'other'],
  ],
]

describe('S-ROLL-1: keys of a trust point', () => {
  test.each(cases)('%s', (_what, looks, expected, anchors) => {
    const point = followed(looks)
    expect(states(point)).toBe(expected)
    expect(trusted(point)).toEqual(anchors)
  })

  test.each([
    ['half the TTL', seen([OLD]), DAY],
    ['half the time of the signature', { ...seen([OLD]), validity: DAY }, DAY / 2],
    ['no more than 15 days', { ...seen([OLD]), originalTtl: 90 * DAY, validity: 90 * DAY }, 15 * DAY],
    ['no less than an hour', { ...seen([OLD]), originalTtl: 60 }, HOUR],
    ['sooner when nothing is trusted', seen(undefined), (2 * DAY) / 10],
  ])('it is looked at again after %s', (_what, observation, wait) =>
    expect(followed([[0, observation]]).nextQuery).toBe(START + wait),
  )

  test('and after an hour where there was no answer', () => {
    expect(afterNoAnswer(newTrustPoint(ROOT), START).nextQuery).toBe(START + HOUR)
  })

  test('keys by the hundred are not followed', () => {
    const many = Array.from({ length: 40 }, () => new SigningKey(15))
    expect(followed([[0, seen([OLD, ...many])]]).keys.length).toBeLessThanOrEqual(32)
  })
})

describe('the file of a trust point', () => {
  test('is read as it was written', () => {
    const point = followed([
      [0, both],
      [30, both],
      [31, seen([NEW], [OLD])],
    ])
    expect(parseTrustPoint(formatTrustPoint(point))).toEqual(point)
  })

  test.each([
    ['', 'it is no JSON'],
    ['[]', 'version undefined is not known'],
    ['{"version":1,"name":".","nextQuery":"2026-01-01T00:00:00Z"}', 'keys is no list'],
    ['{"version":1,"name":".","nextQuery":"soon","keys":[]}', 'nextQuery is no time'],
    [
      '{"version":1,"name":".","nextQuery":"2026-01-01T00:00:00Z","keys":[{"rdata":"","state":"valid"}]}',
      'rdata is no DNSKEY record',
    ],
    ['{"version":1,"name":".","nextQuery":"2026-01-01T00:00:00Z","keys":[1]}', 'a key is no object'],
  ])('%s is told: %s', (text, problem) => {
    expect(() => parseTrustPoint(text)).toThrow(TrustPointFileError)
    expect(() => parseTrustPoint(text)).toThrow(problem)
  })
})
