import { expect, test } from 'vitest'
import { IpAddress } from '../../../src/base/index.ts'
import type { PublishedService } from '../../../src/multicast/dnssd/service-source.ts'
import { claimsOf } from '../../../src/multicast/mdns/zone.ts'
import { texts, webService } from '../../kit/mdns-party.ts'

const ADDRESSES = ['192.0.2.1', 'fe80::1'].map((text) => IpAddress.of(text))

const zone = (service: Partial<PublishedService> = {}, label: string | undefined = 'host') =>
  claimsOf({ label, target: 'host', addresses: ADDRESSES, services: [{ ...webService(), ...service }] })
const recordsOf = (service: Partial<PublishedService>) => zone(service).at(-1)

test('MD-R-1: A, AAAA and both reverse names, 120 s', () => {
  const [host] = zone()
  expect(texts(host?.unique ?? [], true)).toEqual(['host.local 120 A 192.0.2.1 !', 'host.local 120 AAAA fe80::1 !'])
  expect(texts(host?.others ?? [], true)).toEqual([
    '1.2.0.192.in-addr.arpa 120 PTR host.local !',
    `1.${'0.'.repeat(28)}8.e.f.ip6.arpa 120 PTR host.local !`,
  ])
})

test('MD-R-1: SRV 120 s, TXT and PTR 4500 s; PTR shared', () => {
  const service = recordsOf({})
  expect(texts(service?.unique ?? [], true)).toEqual([
    'web._http._tcp.local 120 SRV 0 0 80 host.local !',
    'web._http._tcp.local 4500 TXT "path=/" !',
  ])
  expect(texts(service?.others ?? [], true)).toEqual([
    '_http._tcp.local 4500 PTR Web._http._tcp.local',
    '_services._dns-sd._udp.local 4500 PTR _http._tcp.local',
  ])
})

test('SD-B-1: a subtype is a PTR of its own', () => {
  expect(texts(recordsOf({ subtypes: ['_printer'] })?.others ?? [])).toContain(
    '_printer._sub._http._tcp.local PTR Web._http._tcp.local',
  )
})

test('SD-F-4: dots, backslashes and other characters of an instance are in one label', () => {
  expect(recordsOf({ instance: String.raw`A.b\c é` })?.name).toBe(String.raw`a\.b\\c\032\195\169._http._tcp.local`)
})

test('SD-B-1: several TXT records', () => {
  const txt = [[Buffer.from('a=1'), Buffer.from('b')], [Buffer.from('c=2')]]
  expect(texts(recordsOf({ txt })?.unique ?? []).slice(1)).toEqual([
    'web._http._tcp.local TXT "a=1" "b" !',
    'web._http._tcp.local TXT "c=2" !',
  ])
})

test('SD-F-3: TXT without strings has one that is empty', () => {
  expect(recordsOf({ txt: [[]] })?.unique[1]?.rdata).toEqual(Buffer.from([0]))
})

test('MD-P-8: a host without a name for the moment leaves its services where they were', () => {
  expect(claimsOf({ label: undefined, target: 'host', addresses: ADDRESSES, services: [webService()] })).toHaveLength(1)
})

test('MD-R-3: a link without addresses publishes nothing', () => {
  expect(claimsOf({ label: 'host', target: 'host', addresses: [], services: [webService()] })).toEqual([])
})

test('MD-W-4: UTF-8 in the label, and no A-label', () => {
  const [host] = claimsOf({ label: 'bücher', target: 'bücher', addresses: ADDRESSES, services: [] })
  expect(host?.unique[0]?.owner.subarray(1, 8).toString()).toBe('bücher')
})
