import { describe, expect, test } from 'vitest'
import { IpAddress } from '../../../src/base/index.ts'
import { admit } from '../../../src/multicast/intake.ts'
import type { MulticastDatagram, MulticastLink, MulticastProtocol } from '../../../src/multicast/index.ts'
import { QR } from '../../../src/wire/index.ts'
import { queryFor } from '../../kit/messages.ts'

const LINK: MulticastLink = {
  ifindex: 2,
  mtu: 1500,
  addresses: [
    { address: IpAddress.of('10.0.0.2'), prefixLength: 24 },
    { address: IpAddress.of('2001:db8::2'), prefixLength: 64 },
  ],
  own: new Set(['10.0.0.2', '2001:db8::2', '192.0.2.1']),
}

const QUERY = queryFor('a.local', { isRecursive: false })
const RESPONSE = queryFor('a.local', { isRecursive: false, flags: QR })

function from(source: string, parts: Partial<MulticastDatagram> = {}): MulticastDatagram {
  return { bytes: QUERY, source: IpAddress.of(source), port: 5353, isToGroup: true, hopLimit: 255, ...parts }
}

const reply = { bytes: RESPONSE, isToGroup: false }

describe.each<[string, MulticastProtocol, MulticastDatagram, 'query' | 'response' | undefined]>([
  ['MC-IN-3: shorter than a header', 'mdns', from('10.0.0.9', { bytes: QUERY.subarray(0, 11) }), undefined],
  ['MC-IN-3: an opcode', 'mdns', from('10.0.0.9', { bytes: queryFor('a.local', { flags: 4 << 11 }) }), undefined],
  ['MC-IN-3: an rcode', 'mdns', from('10.0.0.9', { bytes: queryFor('a.local', { flags: QR | 3 }) }), undefined],
  ['MC-IN-2: our own echo', 'mdns', from('10.0.0.2'), undefined],
  ['MC-IN-2: our own echo by another link', 'mdns', from('192.0.2.1'), undefined],
  ['MC-IN-2: a program of this machine asks', 'mdns', from('10.0.0.2', { port: 40_000 }), 'query'],
  ['MC-IN-2: LLMNR drops all of its own', 'llmnr', from('10.0.0.2', { port: 40_000 }), undefined],
  ['MC-IN-4: a query of a neighbour', 'mdns', from('10.0.0.9'), 'query'],
  ['MC-IN-4: a query to the group from another subnet', 'mdns', from('172.16.0.9'), 'query'],
  ['MC-SEC-3: a query to us from elsewhere', 'mdns', from('172.16.0.9', { isToGroup: false }), undefined],
  ['MC-SEC-3: a query to us from the link', 'mdns', from('10.0.0.9', { isToGroup: false }), 'query'],
  ['MC-SEC-3: a query to us from a link-local address', 'mdns', from('fe80::9', { isToGroup: false }), 'query'],
  ['LL-R-2: a query to us by UDP', 'llmnr', from('10.0.0.9', { port: 40_000, isToGroup: false }), undefined],
  ['MD-W-3: a response from another port', 'mdns', from('10.0.0.9', { bytes: RESPONSE, port: 40_000 }), undefined],
  ['MC-IN-4: a response to the group', 'mdns', from('172.16.0.9', { bytes: RESPONSE }), 'response'],
  ['MC-IN-4: a response to us from the link', 'mdns', from('10.0.0.9', reply), 'response'],
  ['MC-IN-4: a response to us from elsewhere', 'mdns', from('172.16.0.9', reply), undefined],
  ['MC-IN-4: a response to us through a router', 'mdns', from('10.0.0.9', { ...reply, hopLimit: 254 }), undefined],
  ['MC-IN-4: one of python-zeroconf', 'mdns', from('10.0.0.9', { ...reply, hopLimit: 64 }), 'response'],
  ['MC-IN-4: one of it through a router', 'mdns', from('10.0.0.9', { ...reply, hopLimit: 63 }), undefined],
  ['MC-IN-4: a hop limit that cannot be read', 'mdns', from('10.0.0.9', { ...reply, hopLimit: undefined }), 'response'],
  ['MC-IN-4: LLMNR through a router', 'llmnr', from('10.0.0.9', { ...reply, port: 5355, hopLimit: 127 }), undefined],
  ['MC-IN-4: LLMNR of Windows', 'llmnr', from('10.0.0.9', { ...reply, port: 5355, hopLimit: 128 }), 'response'],
  ['MC-IN-4: LLMNR from elsewhere', 'llmnr', from('172.16.0.9', { ...reply, port: 5355 }), undefined],
  ['LL-Q-2: LLMNR from another port', 'llmnr', from('10.0.0.9', reply), undefined],
])('%s', (_, protocol, datagram, expected) => {
  test(`is ${expected ?? 'dropped'}`, () => expect(admit(protocol, datagram, LINK)).toBe(expected))
})

test('MC-AV-3: beside another responder of this machine, what it says is heard', () => {
  expect(admit('mdns', from('10.0.0.2', { bytes: RESPONSE }), LINK, true)).toBe('response')
})
