import { rename, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  foreignResolvConf,
  hostName,
  hostsFile,
  Polled,
  resolvConfMode,
  staticRecordFiles,
} from '../../../src/files/index.ts'
import { ConfigWarnings, formatDomain, formatServerSpec, type HostsTable } from '../../../src/settings/index.ts'
import { nameOf } from '../../../src/wire/index.ts'
import { lay, recordingLog, scratch, stillClock } from './kit.ts'

const address = (table: HostsTable, name: string) => table.addressesOf(nameOf(name))?.[0]?.address.text

async function hosts(text?: string) {
  const root = scratch()
  const path = join(root, 'hosts')
  if (text !== undefined) await writeFile(path, text)
  const clock = stillClock()
  const { log, lines } = recordingLog()
  const warnings = new ConfigWarnings(log)
  return { path, clock, lines, warnings, file: hostsFile(path, clock, log, warnings.of('hosts')) }
}

test('R-HOSTS-1: looked at every 2 s at most', async () => {
  const { path, clock, file } = await hosts('192.0.2.1 a\n')
  expect(address(file.value, 'a')).toBeUndefined()
  expect(address(await file.current(), 'a')).toBe('192.0.2.1')
  await writeFile(path, '192.0.2.22 a\n')
  clock.advance(1999)
  expect(file.current()).toBe(file.value) // at once, without a promise
  expect(address(file.value, 'a')).toBe('192.0.2.1')
  clock.advance(1)
  expect(address(await file.current(), 'a')).toBe('192.0.2.22')
})

test('R-CONF-6: what the hosts file says in vain is logged and kept, until the file is right', async () => {
  const { path, clock, lines, warnings, file } = await hosts('192.0.2.1 a\n192.0.2 b # c\n\n192.0.2.3 d x_\u001by\n')
  expect(address(await file.current(), 'd')).toBe('192.0.2.3')
  const name = "'x_?y' is not a host name (letters, digits, hyphens, underscores and dots), ignoring it."
  expect(lines).toEqual([`${path}:2: '192.0.2' is not an address, ignoring the line.`, `${path}:4: ${name}`])
  expect(warnings.all.map(({ line }) => line)).toEqual([2, 4])
  await writeFile(path, '192.0.2.1 a\n')
  clock.advance(2000)
  await file.current()
  expect(warnings.all).toEqual([])
})

test('R-CONF-6: of a file in the wrong format a hundred warnings are kept and twenty logged', async () => {
  const { lines, warnings, file } = await hosts('||ads.test^ x\n'.repeat(5000))
  await file.current()
  expect(lines).toHaveLength(21)
  expect(lines.at(-1)).toContain('tsresolvectl doctor')
  expect(warnings.all).toHaveLength(101)
  expect(warnings.all.at(-1)?.message).toContain('More')
})

test('R-HOSTS-1: a missing file is empty; size, time and inode each show a change', async () => {
  const { path, clock, file, lines } = await hosts()
  const look = async () => {
    clock.advance(2000)
    return address(await file.current(), 'a')
  }
  expect(await look()).toBeUndefined()
  await writeFile(path, '192.0.2.1 a\n')
  await utimes(path, 1000, 1000)
  expect(await look()).toBe('192.0.2.1')
  await writeFile(path, '192.0.2.11 a\n')
  await utimes(path, 1000, 1000)
  expect(await look()).toBe('192.0.2.11')
  await writeFile(path, '192.0.2.12 a\n')
  await utimes(path, 1001, 1001)
  expect(await look()).toBe('192.0.2.12')
  await writeFile(`${path}.new`, '192.0.2.13 a\n')
  await utimes(`${path}.new`, 1001, 1001)
  await rename(`${path}.new`, path)
  expect(await look()).toBe('192.0.2.13')
  await rm(path)
  expect(await look()).toBeUndefined()
  expect(lines).toEqual([])
})

test('an unchanged file is not read again, and keeps its table', async () => {
  const { clock, file } = await hosts('192.0.2.1 a\n')
  const before = await file.current()
  clock.advance(2000)
  expect(await file.current()).toBe(before)
  file.expire()
  expect(await file.current()).not.toBe(before)
})

test('what rests on the file learns of a change though nobody asks for the table', async () => {
  const { path, clock, file } = await hosts('192.0.2.1 a\n')
  await file.current()
  const { dependency } = file
  const changed = new Promise((resolve) => file.onChange(resolve))
  await writeFile(path, '192.0.2.22 a\n')
  file.revalidate(clock.now())
  expect(dependency.isCurrent).toBe(true)
  clock.advance(2000)
  file.revalidate(clock.now())
  expect(dependency.isCurrent).toBe(true) // the look has only begun
  await changed
  expect(dependency.isCurrent).toBe(false)
  expect(file.dependency.isCurrent).toBe(true)
})

test('R-HOSTS-1: whoever asks after a pause is told to wait for the look, whoever asks all the time is not', async () => {
  const { clock, file } = await hosts('192.0.2.1 a\n')
  expect(file.revalidate(clock.now())).toBe(false)
  await file.current()
  const known = () => {
    clock.advance(99)
    return file.revalidate(clock.now())
  }
  // 20 times in 2 s, and 10 more while the look takes a second.
  expect(Array.from({ length: 30 }, known)).toEqual(Array.from({ length: 30 }, () => true))
  expect(known()).toBe(false)
  await file.current()
  expect(file.revalidate(clock.now())).toBe(true)
  clock.advance(2000)
  expect(file.revalidate(clock.now())).toBe(false)
})

test('A and AAAA asked one after the other, after a pause: the second waits for the look as the first does', async () => {
  const { path, clock, file } = await hosts('192.0.2.1 a\n')
  const before = await file.current()
  await writeFile(path, '192.0.2.22 a\n')
  clock.advance(2000)
  const [first, second] = await Promise.all([file.current(), file.current()])
  expect(first).not.toBe(before)
  expect(second).toBe(first)
})

test('all who wait share one look; a failing look is told once and leaves what is known', async () => {
  const clock = stillClock()
  const { log, lines } = recordingLog()
  let looks = 0
  let failure: Error | undefined
  const look = async () => {
    looks++
    if (failure !== undefined) throw failure
    return { value: looks, stamp: String(looks) }
  }
  const polled = new Polled({ look, initial: 0, interval: 2000, clock, log })
  expect(await Promise.all([polled.current(), polled.current()])).toEqual([1, 1])
  failure = new Error('disk on fire')
  for (let round = 0; round < 3; round++) {
    clock.advance(2000)
    expect(await polled.current()).toBe(1)
  }
  expect(looks).toBe(4)
  expect(lines).toEqual(['Keeping what was read before, as this cannot be read: disk on fire'])
})

const record = (ip: string) => `{"key":{"name":"a","type":1},"address":"${ip}"}`

test('R-STATIC-1: four directories, overriding, masking, re-reading', async () => {
  const root = scratch()
  await lay(root, {
    'etc/systemd/resolve/static.d/1.rr': record('192.0.2.1'),
    'usr/lib/systemd/resolve/static.d/1.rr': record('192.0.2.9'),
    'run/systemd/resolve/static.d/2.rr': '-> /dev/null',
    'usr/local/lib/systemd/resolve/static.d/2.rr': record('192.0.2.9'),
    'usr/lib/systemd/resolve/static.d/3.rr': 'no json',
    'usr/lib/systemd/resolve/static.d/4.rr': record('192.0.2.4'),
  })
  const clock = stillClock()
  const { log, lines } = recordingLog()
  const files = staticRecordFiles(root, clock, log, new ConfigWarnings(log).of('static records'))
  const addresses = async () => ((await files.current()).get(nameOf('a')) ?? []).map(({ rdata }) => rdata.join('.'))
  expect(await addresses()).toEqual(['192.0.2.1', '192.0.2.4'])
  expect(lines).toEqual([expect.stringContaining('3.rr: Not valid JSON')])
  await writeFile(join(root, 'usr/lib/systemd/resolve/static.d/4.rr'), record('192.0.2.44'))
  expect(await addresses()).toEqual(['192.0.2.1', '192.0.2.4'])
  clock.advance(2000)
  expect(await addresses()).toEqual(['192.0.2.1', '192.0.2.44'])
})

function resolvConf() {
  const root = scratch()
  const paths = {
    system: join(root, 'etc'),
    uplink: join(root, 'uplink'),
    stub: join(root, 'stub'),
    static: join(root, 'static'),
  }
  return { root, paths }
}

test.each<[string, Record<string, string>, string]>([
  ['no file', {}, 'missing'],
  ['a dangling link', { etc: '-> nowhere' }, 'missing'],
  ['our uplink file', { uplink: 'x', stub: 'y', etc: '-> uplink' }, 'uplink'],
  ['our stub file', { uplink: 'x', stub: 'y', etc: '-> stub' }, 'stub'],
  ['the stub file that is a link to uplink', { uplink: 'x', stub: '-> uplink', etc: '-> stub' }, 'uplink'],
  ['R-RC-5: the static file', { static: 'x', etc: '-> static' }, 'static'],
  ['a copy of ours is foreign', { stub: 'nameserver 127.0.0.53', etc: 'nameserver 127.0.0.53' }, 'foreign'],
])('R-RC-6: %s', async (_, files, expected) => {
  const { root, paths } = resolvConf()
  await lay(root, files)
  expect(resolvConfMode(paths)).toBe(expected)
})

test('R-RC-7: read while foreign, kept while missing or ours, cleared when unreadable', async () => {
  const { root, paths } = resolvConf()
  await lay(root, { etc: 'nameserver 192.0.2.1\nsearch a\nnameserver x\n', stub: 'nameserver 127.0.0.53\n' })
  const clock = stillClock()
  const { log, lines } = recordingLog()
  const foreign = foreignResolvConf(paths, () => undefined, clock, log, new ConfigWarnings(log).of('resolv.conf'))
  const look = async () => {
    clock.advance(200)
    const { servers, domains } = await foreign.current()
    return [...servers.map(formatServerSpec), ...domains.map(formatDomain)]
  }
  expect(await look()).toEqual(['192.0.2.1', 'a'])
  expect(lines).toEqual([`${paths.system}:3: 'x' is not an IP address with an optional port.`])
  await rm(paths.system)
  expect(await look()).toEqual(['192.0.2.1', 'a'])
  await lay(root, { etc: '-> stub' })
  expect(await look()).toEqual(['192.0.2.1', 'a'])
  await rm(paths.system)
  await lay(root, { etc: 'nameserver 192.0.2.2\n' })
  expect(await look()).toEqual(['192.0.2.2'])
  await rm(paths.system)
  await lay(root, { 'etc/a-directory-now': '' })
  expect(await look()).toEqual([])
  expect(await look()).toEqual([])
  expect(lines).toHaveLength(2)
})

test('R-PROC-3: the host name is the kernel’s, and looked at every second at most', async () => {
  const clock = stillClock()
  const name = hostName(clock, recordingLog().log)
  expect(await name.current()).toBe(hostname())
  clock.advance(999)
  expect(name.current()).toBe(hostname()) // at once: nothing is read
  clock.advance(1)
  expect(name.current()).toBeInstanceOf(Promise)
  expect(await name.current()).toBe(hostname())
})
