import { expect, test } from 'vitest'
import { IpAddress, Logger } from '../../src/base/index.ts'
import { Hooks } from '../../src/hooks/index.ts'
import { HostsTable } from '../../src/settings/index.ts'
import { dohReplyOf } from '../../src/transport/doh-response.ts'
import { identityProblem } from '../../src/transport/server-identity.ts'
import { extendedErrorOf, nameOf, textOfWire } from '../../src/wire/index.ts'
import { FakeClock } from '../kit/fake-clock.ts'

const HOSTILE = 'a\u001B[2J\u009B5m\r\nb'

function reasonOfServer(): string | undefined {
  const data = Buffer.concat([Buffer.from([0, 15]), Buffer.from(HOSTILE)])
  const options = [{ code: 15, data }]
  return extendedErrorOf({ payloadSize: 512, extendedRcode: 0, version: 0, dnssecOk: false, options })?.text
}

function namesInCertificate(): string | undefined {
  const identity = { serverName: 'dns.example', address: IpAddress.of('192.0.2.1') }
  return identityProblem(`DNS:${JSON.stringify(HOSTILE)}`, identity)
}

function mediaType(): string {
  const headers = { ':status': 200, 'content-type': HOSTILE } as unknown as Parameters<typeof dohReplyOf>[1]
  return String(dohReplyOf({ wire: Buffer.alloc(12), isAnsweredBy: () => true }, headers, Buffer.alloc(12)))
}

function wordInHosts(): string {
  const said: string[] = []
  HostsTable.parse(`${HOSTILE.replace(/\s+/g, '')} a.example`, (_line, message) => said.push(message))
  return said.join('')
}

async function nameOfHook(): Promise<string> {
  await using hooks = new Hooks(new FakeClock(), new Logger('debug', () => undefined))
  hooks.apply([{ name: HOSTILE, path: '/nowhere', inode: 1n }])
  return hooks
    .taking(nameOf('a.test'))
    .map(({ name }) => name)
    .join('')
}

function nameInDns(): string {
  return textOfWire(Buffer.from(`\x0b${HOSTILE}\0`, 'latin1'))
}

/** Where texts that others choose come in; what is made of them goes to the log, `status`, `why` and `doctor`. */
test.each([
  ['the reason that a server gives (RFC 8914)', reasonOfServer],
  ['the names in a certificate', namesInCertificate],
  ['the media type of an HTTP response', mediaType],
  ['a word in /etc/hosts', wordInHosts],
  ['the name of a hook', nameOfHook],
  ['a name in DNS', nameInDns],
])('%s steers no terminal and begins no line', async (_source, said) => {
  const text = await said()
  expect(text).toContain('[2J')
  expect(text).not.toMatch(/\p{C}/u)
})
