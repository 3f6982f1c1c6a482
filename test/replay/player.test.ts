import { expect, test } from 'vitest'
import { parseScenarios } from '../kit/scenario-file.ts'
import { playScenario } from '../kit/scenario-player.ts'

const ASKED = 'link lan dns 10.2.0.1\nask a.test A\nasked 10.2.0.1 a.test A\n'

/** what is wrong with it, the lines of a scenario (the first is line 2), the error. */
const cases: readonly [string, string, RegExp][] = [
  ['a command there is not', 'frobnicate', /^f\.scenario:2: there is no command 'frobnicate'/],
  ['a word nobody takes', 'ask a.test A loudly\nexpect REFUSED', /^f\.scenario:2: cannot read 'loudly'/],
  ['a record nobody can read', `${ASKED}answer\n  a.test 60 A nonsense`, /^f\.scenario:5: not an IP address: nonsense/],
  ['a setting nobody can read', 'config Cache=perhaps', /^f\.scenario:2: .*perhaps/],
  ['a question that did not go out', 'asked 10.2.0.1 a.test A', /^f\.scenario:2: not asked; unnamed so far: none/],
  [
    'a question nobody has named',
    'link lan dns 10.2.0.1\nask a.test A\nexpect NOERROR',
    /^f\.scenario:4: asked as well: 10\.2\.0\.1%2 a\.test A udp at 0ms/,
  ],
  ['a reply that is not there', `${ASKED}expect NOERROR`, /^f\.scenario:5: there is no reply yet/],
  ['a reply nobody has looked at', `${ASKED}answer NXDOMAIN`, /^f\.scenario:3: nobody looked at what came of this/],
  [
    'another rcode',
    `${ASKED}answer NXDOMAIN\nexpect NOERROR`,
    /^f\.scenario:6: rcode: expected 'NOERROR', there is 'NXDOMAIN'/,
  ],
  ['another flag', `${ASKED}answer NXDOMAIN\nexpect NXDOMAIN aa`, /^f\.scenario:6: flags: expected 'aa', there is ''/],
  [
    'an extended error too many',
    'ask a.test A edns 1232\nexpect SERVFAIL',
    /^f\.scenario:3: rcode: expected 'SERVFAIL', there is 'REFUSED'/,
  ],
  [
    'another TTL',
    `${ASKED}answer\n  a.test 60 A 192.0.2.1\nexpect NOERROR\n  a.test 61 A 192.0.2.1`,
    /^f\.scenario:8: answer: expected 'a\.test 61 A/,
  ],
  ['another time', `${ASKED}wait 5ms\nanswer NXDOMAIN\nexpect NXDOMAIN took 4ms`, /^f\.scenario:7: it took 5ms/],
  [
    'an answer that nobody waits for',
    `${ASKED}answer NXDOMAIN\nanswer NXDOMAIN`,
    /^f\.scenario:6: nobody waits for this answer/,
  ],
  ['a forged answer that would be taken', `${ASKED}answer ignored NXDOMAIN`, /^f\.scenario:5: this answer was taken/],
]

test.each(cases)('a scenario with %s fails with file and line', async (_what, lines, message) => {
  const [scenario] = parseScenarios(`scenario x\n${lines}\n`, 'f.scenario')
  await expect(playScenario(scenario!)).rejects.toThrow(message)
})

test('commands before the first scenario are done at the start of each', () => {
  const scenarios = parseScenarios('link lan\n# nothing\nscenario one\nflush\nscenario two\n', 'f.scenario')
  expect(scenarios.map(({ title, commands }) => [title, commands.map(({ text }) => text)])).toEqual([
    ['one', ['link lan', 'flush']],
    ['two', ['link lan']],
  ])
})
