import { execFileSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { ConfigFiles, FileError } from '../../../src/files/index.ts'
import { lay, recordingLog, scratch } from './kit.ts'

async function read(files: Record<string, string>, config?: string) {
  const root = scratch()
  await lay(root, files)
  const { log, lines } = recordingLog()
  const sources = await new ConfigFiles({ root, config: config && join(root, config) }, log).read()
  return { found: sources.map(({ path, text }) => [relative(root, path), text].join(' ')), lines, root }
}

test.each<[string, Record<string, string>, string[]]>([
  ['nothing there', {}, []],
  [
    'the first existing main file counts',
    {
      'usr/lib/systemd/resolved.conf': 'd',
      'run/systemd/resolved.conf': 'b',
      'usr/local/lib/systemd/resolved.conf': 'c',
    },
    ['run/systemd/resolved.conf b'],
  ],
  [
    '/etc before all',
    { 'etc/systemd/resolved.conf': 'a', 'run/systemd/resolved.conf': 'b' },
    ['etc/systemd/resolved.conf a'],
  ],
  [
    'drop-ins by name over all directories',
    {
      'etc/systemd/resolved.conf.d/20.conf': '2',
      'usr/lib/systemd/resolved.conf.d/10.conf': '1',
      'run/systemd/resolved.conf.d/30.conf': '3',
    },
    [
      'usr/lib/systemd/resolved.conf.d/10.conf 1',
      'etc/systemd/resolved.conf.d/20.conf 2',
      'run/systemd/resolved.conf.d/30.conf 3',
    ],
  ],
  [
    'the same name in an earlier directory stands for it',
    { 'etc/systemd/resolved.conf.d/10.conf': 'mine', 'usr/lib/systemd/resolved.conf.d/10.conf': 'theirs' },
    ['etc/systemd/resolved.conf.d/10.conf mine'],
  ],
  [
    'a link to /dev/null masks',
    { 'etc/systemd/resolved.conf.d/10.conf': '-> /dev/null', 'usr/lib/systemd/resolved.conf.d/10.conf': 'theirs' },
    ['etc/systemd/resolved.conf.d/10.conf '],
  ],
  [
    'an empty file masks',
    { 'etc/systemd/resolved.conf': '', 'usr/lib/systemd/resolved.conf': 'theirs' },
    ['etc/systemd/resolved.conf '],
  ],
  [
    'a dangling link is no file',
    { 'etc/systemd/resolved.conf': '-> nowhere', 'usr/lib/systemd/resolved.conf': 'theirs' },
    ['usr/lib/systemd/resolved.conf theirs'],
  ],
  [
    'other suffixes and hidden files are no drop-ins',
    {
      'etc/systemd/resolved.conf.d/10.conf~': 'x',
      'etc/systemd/resolved.conf.d/.a.conf': 'x',
      'etc/systemd/resolved.conf.d/a.txt': 'x',
    },
    [],
  ],
  [
    'our own files come last',
    {
      'etc/tsresolved.conf': 'own',
      'etc/tsresolved.conf.d/1.conf': 'own drop-in',
      'etc/systemd/resolved.conf.d/99.conf': 'theirs',
    },
    [
      'etc/systemd/resolved.conf.d/99.conf theirs',
      'etc/tsresolved.conf own',
      'etc/tsresolved.conf.d/1.conf own drop-in',
    ],
  ],
])('R-CONF-1: %s', async (_, files, expected) => {
  const { found, lines } = await read(files)
  expect(found).toEqual(expected)
  expect(lines).toEqual([])
})

test.each<[string, Record<string, string>, string, string[]]>([
  ['a file in place of all', { 'etc/systemd/resolved.conf': 'no', 'my.conf': 'yes' }, 'my.conf', ['my.conf yes']],
  [
    'with its drop-ins',
    { 'my.conf': 'yes', 'my.conf.d/1.conf': 'more' },
    'my.conf',
    ['my.conf yes', 'my.conf.d/1.conf more'],
  ],
  [
    'a directory in place of all',
    {
      'etc/systemd/resolved.conf': 'no',
      'my/resolved.conf': '1',
      'my/resolved.conf.d/2.conf': '2',
      'my/tsresolved.conf': '3',
    },
    'my',
    ['my/resolved.conf 1', 'my/resolved.conf.d/2.conf 2', 'my/tsresolved.conf 3'],
  ],
])('--config: %s', async (_, files, config, expected) => {
  expect((await read(files, config)).found).toEqual(expected)
})

test('--config: what is not there is an error', async () => {
  await expect(read({}, 'nowhere.conf')).rejects.toThrow(FileError)
})

test('what cannot be read is a warning and loses only itself, and a FIFO holds nobody up', async () => {
  const root = scratch()
  const { log, lines } = recordingLog()
  await lay(root, {
    'etc/systemd/resolved.conf.d/30.conf': 'good',
    'etc/systemd/resolved.conf.d/40.conf': 'x'.repeat(2 << 20),
  })
  await mkdir(join(root, 'etc/systemd/resolved.conf.d/10.conf'))
  execFileSync('mkfifo', [join(root, 'etc/systemd/resolved.conf.d/20.conf')])
  const sources = await new ConfigFiles({ root }, log).read()
  expect(sources.map(({ text }) => text)).toEqual(['good'])
  expect(lines.map((line) => line.replace(root, ''))).toEqual([
    'Cannot read /etc/systemd/resolved.conf.d/10.conf: not a regular file',
    'Cannot read /etc/systemd/resolved.conf.d/20.conf: not a regular file',
    'Cannot read /etc/systemd/resolved.conf.d/40.conf: larger than 1048576 bytes',
  ])
})

test('R-DELEG: delegates with drop-ins, overridden and masked', async () => {
  const root = scratch()
  await lay(root, {
    'etc/systemd/dns-delegate.d/corp.dns-delegate': 'a',
    'run/systemd/dns-delegate.d/corp.dns-delegate': 'hidden',
    'usr/lib/systemd/dns-delegate.d/corp.dns-delegate.d/1.conf': 'b',
    'etc/systemd/dns-delegate.d/off.dns-delegate': '-> /dev/null',
    'usr/lib/systemd/dns-delegate.d/off.dns-delegate': 'x',
    'usr/lib/systemd/dns-delegate.d/other.dns-delegate': 'c',
  })
  const delegates = await new ConfigFiles({ root }, recordingLog().log).readDelegates()
  expect(delegates.map(({ id, files }) => [id, files.map(({ text }) => text)])).toEqual([
    ['corp', ['a', 'b']],
    ['other', ['c']],
  ])
})

test('R-CONF-3: credentials and the kernel command line, which a container does not own', async () => {
  const root = scratch()
  await lay(root, { 'proc/cmdline': 'nameserver=192.0.2.1\n', 'credentials/network.dns': '192.0.2.2' })
  const config = new ConfigFiles({ root }, recordingLog().log)
  const boot = await config.readBootSettings(join(root, 'credentials'))
  expect(boot).toMatchObject({ dns: { text: '192.0.2.2' }, kernelCommandLine: { text: 'nameserver=192.0.2.1\n' } })
  expect(boot.searchDomains).toBeUndefined()
  await lay(root, { 'run/systemd/container': 'lxc' })
  expect((await config.readBootSettings(undefined)).kernelCommandLine).toBeUndefined()
})

test('R-SEC-4, S-TA-3: trust anchors of one kind of all directories, with masks, and none beside a folder given instead', async () => {
  const root = scratch()
  await lay(root, {
    'etc/dnssec-trust-anchors.d/b.negative': 'b',
    'usr/lib/dnssec-trust-anchors.d/a.negative': 'a',
    'usr/lib/dnssec-trust-anchors.d/b.negative': 'masked',
    'usr/lib/dnssec-trust-anchors.d/root.positive': 'positive',
  })
  const { log } = recordingLog()
  const texts = async (config?: string) =>
    (await new ConfigFiles({ root, config }, log).readTrustAnchors('negative')).map(({ text }) => text)
  expect(await texts()).toEqual(['a', 'b'])
  expect((await new ConfigFiles({ root }, log).readTrustAnchors('positive')).map(({ text }) => text)).toEqual([
    'positive',
  ])
  expect(await texts(root)).toEqual([])
})

test('SD-F-1: services from all folders, the first folder wins for a file name, with their drop-ins', async () => {
  const root = scratch()
  await lay(root, {
    'etc/systemd/dnssd/web.dnssd': 'mine',
    'usr/lib/systemd/dnssd/web.dnssd': 'theirs',
    'run/systemd/dnssd/web.dnssd.d/10.conf': 'more',
    'usr/local/lib/systemd/dnssd/ssh.dnssd': 'ssh',
    'etc/systemd/dnssd/masked.dnssd': '-> /dev/null',
    'usr/lib/systemd/dnssd/masked.dnssd': 'theirs',
  })
  const units = await new ConfigFiles({ root }, recordingLog().log).readDnssd()
  expect(units.map(({ id, files }) => [id, ...files.map(({ text }) => text)])).toEqual([
    ['ssh', 'ssh'],
    ['web', 'mine', 'more'],
  ])
})
