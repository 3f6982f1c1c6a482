import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { Logger } from '../../../src/base/index.ts'
import { socketPaths } from '../../../src/dbus/address.ts'
import { type Codec, CODEC } from '../../../src/dbus/codec.ts'
import { type BusConnection, RemoteError } from '../../../src/dbus/connection.ts'
import { errorOfFailure } from '../../../src/bus/errors.ts'
import { type Frame, FrameReader, FramingError, MAX_BODY } from '../../../src/dbus/frames.ts'
import { escapeElement, ifindexOfPath, linkPath, unescapeElement } from '../../../src/bus/path.ts'
import { PolkitAuthority } from '../../../src/bus/polkit.ts'
import { Variant } from '../../../src/dbus/variant.ts'
import { type Caller, type Operation, PERMISSIONS } from '../../../src/control/index.ts'
import type { LookupFailure } from '../../../src/lookup/index.ts'
import { failure } from './fakes.ts'

describe('dbus.md §2: paths', () => {
  test.each([
    ['', '_'],
    ['1', '_31'],
    ['10', '_310'],
    ['123', '_3123'],
    ['a.b_c', 'a_2eb_5fc'],
    ['é', '_c3_a9'],
  ])('%j is %s', (text, element) => {
    expect(escapeElement(text)).toBe(element)
    expect(unescapeElement(element)).toBe(text)
  })
  test('only what escaping gives is a link', () => {
    expect(ifindexOfPath(linkPath(2147483647))).toBe(2147483647)
    for (const bad of ['1', '_3', '_31/x', '_30', '_2d1', '_31_', '', '_3G']) {
      expect(ifindexOfPath(`/org/freedesktop/resolve1/link/${bad}`)).toBeUndefined()
    }
  })
})

test.each([
  ['unix:path=/run/dbus/system_bus_socket', ['/run/dbus/system_bus_socket']],
  ['unix:abstract=/a%20b,guid=1', ['\0/a b']],
  ['tcp:host=x,port=1;unix:guid=0,path=/p', ['/p']],
  ['nonsense', []],
  ['', []],
])('address %j', (address, paths) => {
  expect(socketPaths(address)).toEqual(paths)
})

describe('dbus.md §8: a failed lookup', () => {
  const names: readonly (readonly [LookupFailure['kind'], string, number?])[] = [
    ['no-servers', 'resolve1.NoNameServers'],
    ['invalid-reply', 'resolve1.InvalidReply'],
    ['no-such-rr', 'resolve1.NoSuchRR'],
    ['cname-loop', 'resolve1.CNameLoop'],
    ['aborted', 'resolve1.Aborted'],
    ['no-such-service', 'resolve1.NoSuchService'],
    ['inconsistent-service', 'resolve1.InconsistentServiceRecords'],
    ['dnssec-failed', 'resolve1.DnssecFailed'],
    ['no-trust-anchor', 'resolve1.NoTrustAnchor'],
    ['rr-type-unsupported', 'resolve1.ResourceRecordTypeUnsupported'],
    ['network-down', 'resolve1.NetworkDown'],
    ['no-source', 'resolve1.NoSource'],
    ['stub-loop', 'resolve1.StubLoop'],
    ['not-found', 'resolve1.DnsError.NXDOMAIN'],
    ['query-refused', 'resolve1.DnsError.REFUSED'],
    ['timeout', 'DBus.Error.Timeout'],
    ['attempts-max-reached', 'DBus.Error.Timeout'],
    ['invalid-argument', 'DBus.Error.InvalidArgs'],
    ['type-invalid', 'DBus.Error.InvalidArgs'],
    ['bad-address-size', 'DBus.Error.InvalidArgs'],
    ['zone-transfer', 'DBus.Error.NotSupported'],
    ['type-obsolete', 'DBus.Error.NotSupported'],
    ['rcode-failure', 'resolve1.DnsError.SERVFAIL', 2],
    ['rcode-failure', 'resolve1.DnsError.YRRSET', 7],
    ['rcode-failure', 'resolve1.DnsError.RCODE12', 12],
  ]
  for (const [kind, name, rcode] of names) {
    test(`${kind} is ${name}`, () => {
      expect(errorOfFailure(failure(kind, { rcode })).errorName).toBe(`org.freedesktop.${name}`)
    })
  }
  test('an errno has its own name', () => {
    expect(errorOfFailure(failure('errno', { errno: 101 })).errorName).toBe('System.Error.ENETUNREACH')
    expect(errorOfFailure(failure('errno', { errno: 99999 })).errorName).toBe('System.Error.EIO')
  })
})

function cut(chunks: readonly Buffer[]): Frame[] {
  const frames: Frame[] = []
  const framer = new FrameReader((frame) => frames.push(frame))
  for (const chunk of chunks) framer.push(chunk)
  return frames
}

function encode(codec: Codec, serial: number, body: readonly unknown[]): Buffer {
  return codec.encode({ type: 1, serial, path: '/p', interface: 'a.b', member: 'M', signature: 'sv', body })
}

describe('cutting the stream', () => {
  test('whole, at every offset, byte by byte', async () => {
    const codec = CODEC
    const stream = Buffer.concat([1, 2].map((serial) => encode(codec, serial, ['text', new Variant('u', serial)])))
    const splits = [[stream], [...stream].map((byte) => Buffer.from([byte]))]
    for (let at = 1; at < stream.length; at++) splits.push([stream.subarray(0, at), stream.subarray(at)])
    for (const chunks of splits) {
      const messages = cut(chunks).map((frame) => codec.decode(frame))
      expect(messages.map((each) => [each.serial, each.member, each.body()])).toEqual([
        [1, 'M', ['text', new Variant('u', 1)]],
        [2, 'M', ['text', new Variant('u', 2)]],
      ])
    }
  })

  test('a body too large is swallowed, and what follows is read', async () => {
    const codec = CODEC
    const small = encode(codec, 7, ['', new Variant('u', 1)])
    const large = Buffer.from(small)
    large.writeUInt32LE(MAX_BODY + 5, 4)
    const rest = Buffer.alloc(MAX_BODY + 5 - small.readUInt32LE(4))
    const frames = cut([large, rest.subarray(0, 9), rest.subarray(9), small])
    expect(frames.map((frame) => [codec.decode(frame).serial, codec.decode(frame).bodySize > MAX_BODY])).toEqual([
      [7, true],
      [7, false],
    ])
  })

  test('what is not D-Bus ends it', () => {
    expect(() => cut([Buffer.alloc(16)])).toThrow(FramingError)
    expect(() => cut([Buffer.from('l\x01\0\x02000000000000')])).toThrow(FramingError)
    const absurd = Buffer.alloc(16, 0xff)
    absurd.write('l\x01\0\x01', 'latin1')
    expect(() => cut([absurd])).toThrow(FramingError)
  })
})

type Invoke = BusConnection['invoke']

interface Asked {
  readonly member: string
  readonly body: readonly unknown[]
}

describe('polkit', () => {
  const signal = new AbortController().signal
  const user: Caller = { busName: ':1.5', uid: 1000, pid: 7, process: 'x' }
  const ask = (answer: (call: Asked) => Promise<unknown[]>, caller = user, interactive = false) => {
    const calls: Asked[] = []
    const invoke = ((_target, _description, member, body) => {
      const call = { member, body }
      calls.push(call)
      return answer(call)
    }) as Invoke
    const authority = new PolkitAuthority(
      { uid: 990, gid: 990 },
      () => ({ invoke }),
      new Logger('err', () => undefined),
    )
    return { calls, verdict: authority.authorize('set-domains', caller, 'eth0', interactive, signal) }
  }

  test.each([
    ['root', 0],
    ['the daemon’s own user', 990],
  ])('%s is not asked about', async (_, uid) => {
    const { calls, verdict } = ask(() => Promise.reject(new Error('asked')), { ...user, uid })
    expect(await verdict).toBe('allowed')
    expect(calls).toEqual([])
  })

  test.each([
    ['allowed', [true, false, {}]],
    ['denied', [false, false, {}]],
    ['needs-interaction', [false, true, {}]],
  ])('%s', async (expected, answer) => {
    const { calls, verdict } = ask(async () => [answer], user, true)
    expect(await verdict).toBe(expected)
    expect(calls[0]?.body).toEqual([
      ['system-bus-name', { name: new Variant('s', ':1.5') }],
      'org.freedesktop.resolve1.set-domains',
      { interface: 'eth0' },
      1,
      expect.any(String),
    ])
  })

  test('a polkit that is not there, and a caller nobody knows, mean no', async () => {
    const absent = new RemoteError('org.freedesktop.DBus.Error.ServiceUnknown', '')
    expect(await ask(() => Promise.reject(absent)).verdict).toBe('denied')
    expect(await ask(async () => [[true, false, {}]], { ...user, uid: undefined }).verdict).toBe('denied')
    const lonely = new PolkitAuthority({ uid: 990, gid: 990 }, () => undefined, new Logger('err', () => undefined))
    expect(await lonely.authorize('revert', user, 'eth0', false, signal)).toBe('denied')
  })

  test('a caller over a socket is judged by its process', async () => {
    const { calls, verdict } = ask(async () => [[true, false, {}]], { ...user, busName: undefined })
    expect(await verdict).toBe('allowed')
    expect(calls[0]?.body[0]).toEqual(['unix-process', expect.anything()])
  })

  test('a question called off is taken back', async () => {
    const calls: string[] = []
    const stop = new AbortController()
    const invoke = ((_target, _description, member, _body, options) => {
      const given = options?.signal
      calls.push(member)
      if (given === undefined) return Promise.resolve([])
      return new Promise<unknown[]>((_, reject) => given.addEventListener('abort', () => reject(given.reason as Error)))
    }) as Invoke
    const authority = new PolkitAuthority(
      { uid: 990, gid: 990 },
      () => ({ invoke }),
      new Logger('err', () => undefined),
    )
    const verdict = authority.authorize('revert', user, 'eth0', true, stop.signal)
    stop.abort(new Error('gone'))
    await expect(verdict).rejects.toThrow('gone')
    expect(calls).toEqual(['CheckAuthorization', 'CancelCheckAuthorization'])
  })

  test('members of the daemon’s group may look, but change nothing; group 0 is none', async () => {
    const of = (gid: number, groups: readonly number[]) => {
      const authority = new PolkitAuthority({ uid: 990, gid }, () => undefined, new Logger('err', () => undefined))
      const caller = { busName: undefined, uid: 1000, pid: 7, process: undefined, groups: () => groups }
      return (operation: Operation) => authority.authorize(operation, caller, undefined, false, AbortSignal.any([]))
    }
    expect(await of(991, [1000, 991])('subscribe-query-results')).toBe('allowed')
    expect(await of(991, [1000, 991])('dump-statistics')).toBe('allowed')
    expect(await of(991, [1000, 991])('flush-caches')).toBe('denied')
    expect(await of(991, [1000])('subscribe-query-results')).toBe('denied')
    expect(await of(0, [1000, 0])('subscribe-query-results')).toBe('denied')
  })

  test('a daemon that runs as nobody trusts not everybody who is nobody', async () => {
    const nobody = 65_534
    const identity = { uid: nobody, gid: nobody }
    const authority = new PolkitAuthority(identity, () => undefined, new Logger('err', () => undefined))
    const caller = { busName: undefined, uid: nobody, pid: 7, process: undefined, groups: () => [nobody] }
    const may = (operation: Operation, uid: number) =>
      authority.authorize(operation, { ...caller, uid }, undefined, false, AbortSignal.any([]))
    expect(await may('set-dns-servers', nobody)).toBe('denied')
    expect(await may('subscribe-query-results', nobody)).toBe('denied')
    expect(await may('set-dns-servers', 0)).toBe('allowed')
  })

  test('the policy file names every action of the table, and no other', async () => {
    const policy = await readFile(new URL('../../../config/org.freedesktop.resolve1.policy', import.meta.url), 'utf8')
    const named = [...policy.matchAll(/<action id="([^"]*)">/g)].map(([, id]) => id)
    const actions = Object.values(PERMISSIONS).flatMap(({ action }) => action ?? [])
    expect(new Set(named)).toEqual(new Set(actions))
    expect(named).toHaveLength(actions.length)
  })
})
