import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { playRpl, RplMismatch, RplUnsupported } from '../kit/rpl.ts'

const folder = new URL('rpl/', import.meta.url)
const files = readdirSync(folder).filter((file) => file.endsWith('.rpl'))

test.each(files)('%s', async (file) => {
  const { world } = await playRpl(readFileSync(new URL(file, folder), 'utf8'), file)
  await world.advance(30_000)
  expect(world.timersLeft).toBe(0)
})

const ENTRY = (...lines: string[]) =>
  ['ENTRY_BEGIN', ...lines, 'SECTION QUESTION', 'a.test. IN A', 'ENTRY_END'].join('\n')
const QUERY = `STEP 1 QUERY\n${ENTRY('REPLY RD')}`

/** what is wrong, the lines of the scenario, the error. */
const cases: readonly [string, string, RegExp][] = [
  [
    'a reply that does not come as it says',
    `${QUERY}\nSTEP 2 ERROR\nSTEP 3 CHECK_ANSWER\n${ENTRY('MATCH rcode', 'REPLY NXDOMAIN')}`,
    /^f\.rpl:11: step 3 CHECK_ANSWER: rcode: expected NXDOMAIN, there is SERVFAIL/,
  ],
  [
    'a question that does not go out',
    `${QUERY}\nSTEP 2 CHECK_OUT_QUERY ADDRESS 192.0.2.54\n${ENTRY('MATCH qname')}`,
    /^f\.rpl:10: step 2 CHECK_OUT_QUERY/,
  ],
  [
    'a reply that nobody waits for',
    `STEP 1 REPLY\n${ENTRY('ADJUST copy_id', 'REPLY QR')}`,
    /^f\.rpl:4: step 1 REPLY: nobody waits for this reply/,
  ],
  [
    'a reply that nobody looks at',
    `${QUERY}\nSTEP 2 ERROR\nSTEP 3 NOTHING`,
    /^f\.rpl:11: step 3 NOTHING: 1 replies that no step has looked at/,
  ],
  ['a client left waiting', QUERY, /^f\.rpl:4: step 1 QUERY: a client still waits: a\.test of 192\.0\.2\.53/],
]

test.each(cases)('%s is told with file and line', async (_what, lines, message) => {
  const text = `forward-zone: name: "." forward-addr: 192.0.2.53\nCONFIG_END\nSCENARIO_BEGIN x\n${lines}\nSCENARIO_END\n`
  const played = playRpl(text, 'f.rpl')
  await expect(played).rejects.toBeInstanceOf(RplMismatch)
  await expect(played).rejects.toThrow(message)
})

test.each([
  ['stub-zone: name: "." stub-addr: 192.0.2.1', 'stub-zone'],
  ['forward-zone: name: "." forward-addr: 192.0.2.1\nauth-zone: name: "test"', 'auth-zone'],
  ['forward-zone: name: "." forward-addr: 192.0.2.1\nCONFIG_END\nSCENARIO_BEGIN x\nSTEP 1 ASSIGN t = 1', 'step ASSIGN'],
])('what a forwarder cannot play is refused: %s', async (text, message) => {
  const played = playRpl(`${text}\nCONFIG_END\nSCENARIO_BEGIN x\nSCENARIO_END\n`, 'f.rpl')
  await expect(played).rejects.toBeInstanceOf(RplUnsupported)
  await expect(played).rejects.toThrow(message)
})
