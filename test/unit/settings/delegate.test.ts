import { expect, test } from 'vitest'
import { formatDomain, formatServerSpec, warningText, readDelegate } from '../../../src/settings/index.ts'

const read = (...texts: string[]) => {
  const files = texts.map((text, index) => ({ path: `${index + 1}`, text }))
  const { delegate, warnings } = readDelegate('corp', files, () => undefined)
  const { servers, domains, ...rest } = delegate
  return {
    servers: servers.map(formatServerSpec),
    domains: domains.map(formatDomain),
    ...rest,
    warnings: warnings.map(warningText),
  }
}
const EMPTY = { id: 'corp', servers: [], domains: [], defaultRoute: false, firewallMark: undefined, warnings: [] }

test.each<[string, string[], object]>([
  ['nothing', [''], {}],
  [
    'everything',
    ['[Delegate]\nDNS=192.0.2.1 192.0.2.2\nDomains=corp.example ~x\nDefaultRoute=yes\nFirewallMark=4294967295'],
    {
      servers: ['192.0.2.1', '192.0.2.2'],
      domains: ['corp.example', '~x'],
      defaultRoute: true,
      firewallMark: 4294967295,
      warnings: [
        '1:5: FirewallMark=: Marking packets is not available, and they are not sent unmarked: NO SERVER OF THIS DELEGATE IS ASKED. Remove it to allow that.',
      ],
    },
  ],
  [
    'a drop-in adds and clears',
    ['[Delegate]\nDNS=192.0.2.1\nDomains=a', '[Delegate]\nDNS=\nDNS=192.0.2.3\nDomains=b'],
    { servers: ['192.0.2.3'], domains: ['a', 'b'] },
  ],
  [
    'bad values',
    ['[Delegate]\nFirewallMark=-1\nDefaultRoute=\n[Resolve]\nDNS=192.0.2.1'],
    {
      warnings: [
        "1:2: FirewallMark=: '-1' is not a number from 0 to 4294967295.",
        "1:3: DefaultRoute=: '' is not a boolean, expected yes or no.",
        '1:5: Unknown section [Resolve], ignoring it. Only [Delegate] is read here.',
      ],
    },
  ],
])('R-DELEG: %s', (_, texts, expected) => {
  const actual = read(...texts)
  expect({ ...actual, warnings: actual.warnings.toSorted() }).toEqual({ ...EMPTY, ...expected })
})
