import { expect, test } from 'vitest'
import { parseDohTemplate } from '../../../src/settings/doh-template.ts'

test.each([
  ['https://dns.example/dns-query{?dns}', 'dns.example', 443, '/dns-query', 'GET'],
  ['https://dns.example/dns-query', 'dns.example', 443, '/dns-query', 'POST'],
  ['HTTPS://DNS.Example.:8443/', 'dns.example', 8443, '/', 'POST'],
  ['https://dns.example/q?ct=1{&dns}', 'dns.example', 443, '/q?ct=1', 'GET'],
  ['https://192.0.2.1/dns-query', '192.0.2.1', 443, '/dns-query', 'POST'],
  ['https://[2001:db8::1]:443/dns-query', '2001:db8::1', 443, '/dns-query', 'POST'],
])('E-DOH-1: %s', (text, host, port, path, method) => {
  expect(parseDohTemplate(text)).toEqual({ host, port, path, method })
})

test.each([
  ['http://dns.example/dns-query', 'does not begin with https://'],
  ['https://dns.example', 'needs a path'],
  ['https://dns.example{?dns}', 'needs a path'],
  ['https://dns.example/dns-query{dns}', 'needs a path'],
  ['https://dns.example/dns-query{?dns,x}', 'needs a path'],
  ['https://dns.example/{?dns}/x', 'needs a path'],
  ['https://dns.example/q{&dns}', 'the variable is {?dns}'],
  ['https://dns.example/q?a=b{?dns}', 'the variable is {&dns}'],
  ['https://me@dns.example/q', 'user name'],
  ['https://dns.example/q#x', 'fragment'],
  ['https:///q', 'names no host'],
  ['https://1.1/q', 'names no host'],
  ['https://0x7f000001/q', 'names no host'],
  ['https://2001:db8::1/q', 'names no host'],
  ['https://[192.0.2.1]/q', 'names no host'],
  ['https://a..b/q', 'names no host'],
  ['https://dns.example:0/q', '0 is not a port'],
  ['https://dns.example:65536/q', '65536 is not a port'],
  ['https://dns.example/q q', 'no spaces'],
  ['https://dns.example/ä', 'ASCII'],
])('E-DOH-1: %s is refused: %s', (text, why) => {
  expect(() => parseDohTemplate(text)).toThrow(why)
})
