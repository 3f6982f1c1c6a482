import { describe, expect, it } from 'vitest'
import { scopeLines } from '../../../src/cli/inspect/cache-dump.ts'
import { asciiArrows, asciiSigns, isUtf8Locale } from '../../../src/cli/terminal/glyphs.ts'
import { eventLines } from '../../../src/cli/watch/monitor.ts'

const key = { class: 1, type: 1, name: 'one.test' }
const raw = Buffer.from('036f6e65047465737400 00010001000000000004c000020b'.replace(' ', ''), 'hex').toString('base64')

describe('C-M-2: events', () => {
  it('questions, collected questions, outcome, answers', () => {
    const event = {
      state: 'success',
      question: [key],
      collectedQuestions: [{ ...key, name: 'cn.test' }],
      answer: [{ raw }],
    }
    expect(eventLines(event, 80)).toEqual([
      '→ Q: one.test IN A',
      '→ C: cn.test IN A',
      '← S: success',
      '← A: one.test IN A 192.0.2.11',
    ])
  })

  it.each([
    [{ state: 'rcode-failure', rcode: 3 }, '← S: NXDOMAIN'],
    [{ state: 'errno', errno: 110 }, '← S: ETIMEDOUT'],
    [{ state: 'timeout' }, '← S: timeout'],
    [{ state: 'dnssec-failed', result: 'no-signature' }, '← S: dnssec-failed: no-signature'],
    [
      { state: 'rcode-failure', rcode: 2, extendedDNSErrorCode: 6, extendedDNSErrorMessage: 'x' },
      '← S: SERVFAIL (DNSSEC Bogus: x)',
    ],
    [{ state: 'rcode-failure', rcode: 2, extendedDNSErrorCode: 4711 }, '← S: SERVFAIL (4711)'],
  ])('%j', (event, line) => expect(eventLines(event, 80)).toEqual([line]))
})

describe('show-cache', () => {
  it('names the scope and prints one record per line', () => {
    const scope = {
      protocol: 'dns',
      ifindex: 2,
      ifname: 'w1',
      dnssec: 'no',
      dnsOverTLS: 'no',
      cache: [{ key, rrs: [{ raw }], until: 0 }],
    }
    expect(scopeLines(scope, 80)).toEqual([
      'Scope protocol=dns ifindex=2 ifname=w1 DNSSEC=no DNSOverTLS=no',
      'one.test IN A 192.0.2.11',
    ])
  })

  it('says so when there is nothing, or nothing positive', () => {
    expect(scopeLines({ protocol: 'llmnr', family: 2, ifindex: 2, ifname: 'w1', dnssec: 'no', cache: [] }, 80)).toEqual(
      ['Scope protocol=llmnr family=AF_INET ifindex=2 ifname=w1', 'No entries.'],
    )
    expect(
      scopeLines(
        {
          protocol: 'dns',
          cache: [
            { key, type: 'NXDOMAIN', until: 0 },
            { key, rrs: [], until: 0 },
          ],
        },
        80,
      ),
    ).toEqual(['Scope protocol=dns', 'one.test IN A NXDOMAIN', 'one.test IN A NODATA', 'No entries.'])
  })
})

describe('signs beyond ASCII', () => {
  it.each([
    [{}, true],
    [{ LC_TIME: 'C' }, true],
    [{ LANG: 'C' }, false],
    [{ LANG: '' }, false],
    [{ LANG: 'de_DE.UTF-8' }, true],
    [{ LANG: 'C.utf8' }, true],
    [{ LANG: 'de_DE.ISO-8859-1' }, false],
    [{ LC_ALL: 'POSIX', LANG: 'C.UTF-8' }, false],
    [{ LC_ALL: '', LC_CTYPE: 'C.UTF-8', LANG: 'C' }, true],
  ])('in %j: %s', (environment, wanted) => expect(isUtf8Locale(environment)).toBe(wanted))

  it('C-M-2: only the arrows in front change', () => {
    expect(asciiArrows('→ Q: →.test\n← S: success')).toBe('-> Q: →.test\n<- S: success')
  })

  it('the width stays', () => expect(asciiSigns('● ○ ▁█ ≤1ms – long… ü')).toBe('* o 18 <1ms - long~ ?'))
})
