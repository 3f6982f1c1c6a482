import { expect, test } from 'vitest'
import { IpAddress } from '../../../src/base/index.ts'
import { identityProblem } from '../../../src/transport/server-identity.ts'

const identity = (serverName: string | undefined, address = '192.0.2.1') => ({
  serverName,
  address: IpAddress.of(address),
})

test.each([
  ['a name', 'DNS:dns.example', 'dns.example', '192.0.2.1'],
  ['in any letter case', 'DNS:Dns.EXAMPLE', 'dNS.example', '192.0.2.1'],
  ['one of several', 'DNS:other.example, DNS:dns.example', 'dns.example', '192.0.2.1'],
  ['a wildcard for one label', 'DNS:*.dns.example', 'a.dns.example', '192.0.2.1'],
  ['with the dot of an absolute name', 'DNS:dns.example', 'dns.example.', '192.0.2.1'],
  ['the address where no name is given', 'DNS:x, IP Address:192.0.2.1', undefined, '192.0.2.1'],
  ['an IPv6 address however it is written', 'IP Address:2001:DB8:0:0:0:0:0:1', undefined, '2001:db8::1'],
  ['a name that is an address', 'IP Address:192.0.2.9', '192.0.2.9', '192.0.2.1'],
])('E-DOT-4: accepts %s', (_, san, serverName, address) => {
  expect(identityProblem(san, identity(serverName, address))).toBeUndefined()
})

test.each([
  ['another name', 'DNS:dns.example', 'dns.example.net'],
  ['a wildcard for two labels', 'DNS:*.example', 'a.dns.example'],
  ['a wildcard for the domain itself', 'DNS:*.dns.example', 'dns.example'],
  ['a wildcard for a top-level domain', 'DNS:*.example', 'dns.example'],
  ['part of a label', 'DNS:d*.dns.example', 'd1.dns.example'],
  ['a wildcard in the middle', 'DNS:a.*.example', 'a.b.example'],
  ['a name where the address is needed', 'DNS:192.0.2.1', undefined],
  ['another address', 'IP Address:192.0.2.2', undefined],
  ['an address where the name is needed', 'IP Address:192.0.2.1', 'dns.example'],
  ['nothing', undefined, 'dns.example'],
  ['an empty label', 'DNS:*.dns.example', '.dns.example'],
  ['an entry inside the text of another', 'URI:"http://x/, DNS:dns.example"', 'dns.example'],
  ['an entry behind text that cannot be read', 'URI:"x" y, DNS:dns.example', 'dns.example'],
  [
    'an entry behind a quotation that is none: hundreds of them took 6 ms',
    'DNS:"\\u:c", DNS:dns.example',
    'dns.example',
  ],
  ['a mail address', 'email:dns.example', 'dns.example'],
])('E-DOT-4: refuses %s', (_, san, serverName) => {
  expect(identityProblem(san, identity(serverName))).toMatch(/^is for .*, not for /)
})

test('says whom the certificate is for, and for whom it should be', () => {
  expect(identityProblem('DNS:a.example, DNS:b.example', identity('dns.example'))).toBe(
    'is for a.example, b.example, not for dns.example',
  )
  expect(identityProblem('DNS:a, DNS:b, DNS:c, DNS:d', identity(undefined))).toBe(
    'is for a, b, c, …, not for 192.0.2.1',
  )
  expect(identityProblem(undefined, identity('dns.example'))).toBe('is for no name or address, not for dns.example')
})
