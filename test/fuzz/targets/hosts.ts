import { IpAddress } from '../../../src/base/index.ts'
import { HostsTable } from '../../../src/settings/index.ts'
import { answerFromHosts } from '../../../src/synth/index.ts'
import { compose, nameOf, parseMessage, parseName } from '../../../src/wire/index.ts'
import { must, type Target } from '../target.ts'

const SEED = `127.0.0.1 localhost
192.0.2.80 One.test alias.test # comment
2001:db8::80 one.test
fe80::1%eth0 router
0.0.0.0 ads.example
::1 ip6-localhost
`
const REVERSE = nameOf('80.2.0.192.in-addr.arpa')

/** /etc/hosts, and the answers made of it. */
export const target: Target = {
  name: 'hosts',
  maxLength: 16_384,
  allowance: { time: 2 },
  seeds: () => [Buffer.from(SEED)],
  run(input) {
    const text = input.toString('utf8')
    const table = HostsTable.parse(text)
    const words = text.split(/\s+/, 16).flatMap((word) => parseName(word) ?? [])
    // Each once, and few: a question asks for one name, and reading the file is a tenth of all this.
    for (const name of new Set([...words, nameOf('one.test'), REVERSE])) {
      const answer = answerFromHosts(table, name)
      if (answer === undefined) continue
      const records = answer.records.map(({ record }) => record)
      parseMessage(compose({ id: 1, flags: 0x8180, answer: records }))
    }
    must(table.namesOf(IpAddress.of('127.0.0.1')).length >= 0, 'it can be looked up by address')
  },
}
