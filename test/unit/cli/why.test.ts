import { describe, expect, it } from 'vitest'
import { type Attempt, attemptLines } from '../../../src/cli/query/provenance.ts'
import type { Why } from '../../../src/cli/diagnose/why-reply.ts'
import { whyLines } from '../../../src/cli/diagnose/why-text.ts'

const scope = (name: string): Why['scopes'][number] => ({
  scope: name,
  score: 2,
  rule: 'default route',
  won: true,
  names: ['www.test'],
  cache: [{ key: { name: 'www.test', type: 1, class: 1 } }, { key: { name: 'www.test', type: 28, class: 1 } }],
  servers: [],
})
const attempt = (result: string, tookUSec: number): Attempt => ({
  server: '10.1.0.1%lan',
  transport: 'udp',
  type: 1,
  payload: 1232,
  tookUSec,
  result,
})
const asked = (tookUSec: number, message = "Name 'www.test' not found", rcode = 3): NonNullable<Why['asked']> => ({
  state: 'rcode-failure',
  failure: { error: 'io.systemd.Resolve.DNSError', message, rcode },
  name: 'www.test',
  rrs: [],
  flags: 0,
  provenance: { source: 'network', scope: 'lan', server: '10.1.0.1%lan', tookUSec, attempts: [], scopes: [] },
})
const why = (changes: Partial<Why>): Why => ({
  name: 'www.test',
  types: [1, 28],
  steps: [{ source: 'scopes', verdict: 'decides', detail: 'lan and vpn' }],
  scopes: [scope('lan'), scope('vpn')],
  ...changes,
})
const text = (changes: Partial<Why>) => whyLines(why(changes), 0, (line) => line).join('\n')

describe('why', () => {
  it('nothing remembered of all types is one word', () => {
    expect(text({})).toMatch(/^Cache of lan\n {2}nothing\nServers|^Cache of lan\n {2}nothing\nCache of vpn/m)
  })

  it('what stands under another type of the name is told by its own type', () => {
    const key = { name: 'www.test', type: 1, class: 1 }
    const found = {
      key,
      kind: 'nxdomain',
      under: { ...key, type: 28 },
      remainingUSec: 5e6,
      server: 's',
      transport: 'udp',
    }
    expect(text({ scopes: [{ ...scope('lan'), cache: [found] }] })).toContain('\n  A: no such name, learnt')
  })

  it('scopes that are never reached have no caches and servers to show', () => {
    const steps = [
      { source: 'hosts', verdict: 'decides', detail: 'has A' },
      { source: 'scopes', verdict: 'unreached', detail: 'lan and vpn' },
    ]
    expect(text({ steps })).not.toMatch(/Cache of|Servers of|>\s+lan/)
    expect(text({ steps })).toContain('not asked: default route')
  })

  it('a second of waiting for a tied scope is told, and a quick answer is not', () => {
    expect(text({ asked: asked(1_002_000) })).toContain('! waited 1.0020s for vpn, which might have known more')
    expect(text({ asked: asked(2_000) })).not.toContain('waited')
    expect(text({ asked: asked(1_002_000), scopes: [scope('lan')] })).not.toContain('waited')
  })

  it('a response code is said once', () => {
    const refused = "Could not resolve 'x', server or network returned error: REFUSED"
    expect(text({ asked: asked(1, refused, 5) })).toContain(`${refused}, asked 10.1.0.1%lan, lan; took`)
    expect(text({ asked: asked(1) })).toContain("'www.test' not found (NXDOMAIN), asked")
  })
})

describe('attempts', () => {
  it('from three on, those with one result are one line with the longest time', () => {
    expect(attemptLines([1000, 3000, 2000].map((took) => attempt('no answer', took)))).toEqual([
      '10.1.0.1%lan  udp  A  EDNS 1232  3ms  no answer, 3 times',
    ])
  })

  it('two answers stay two, and results stay apart', () => {
    const attempts = [attempt('NOERROR', 1000), attempt('NOERROR', 2000), attempt('SERVFAIL', 1000)]
    expect(attemptLines(attempts)).toHaveLength(3)
  })
})
