import { lstat, mkdir, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { IpAddress } from '../../../src/base/index.ts'
import { LinkStateStore, ResolvConfWriter, writeAtomically } from '../../../src/files/index.ts'
import { DEFAULT_LINK_SETTINGS, type SavedLink } from '../../../src/settings/index.ts'
import { recordingLog, scratch } from './kit.ts'

const mode = async (path: string) => (await stat(path)).mode & 0o777

test('a file is replaced as a whole, with its mode, over what a crash left behind', async () => {
  const path = join(scratch(), 'f')
  await writeFile(path, 'old')
  await writeFile(join(path, '../.#f.tsresolved'), 'half a fi')
  const before = (await stat(path)).ino
  writeAtomically(path, 'new', 0o644)
  expect(await readFile(path, 'utf8')).toBe('new')
  expect((await stat(path)).ino).not.toBe(before)
  expect(await mode(path)).toBe(0o644)
  expect(await readdir(join(path, '..'))).toEqual(['f'])
})

test('a write that fails leaves the old file and no rubbish', async () => {
  const directory = scratch()
  await mkdir(join(directory, 'f/inside'), { recursive: true })
  expect(() => writeAtomically(join(directory, 'f'), 'new', 0o644)).toThrow(/EISDIR|ENOTEMPTY|EEXIST/)
  expect(await readdir(directory)).toEqual(['f'])
  expect(() => writeAtomically(join(directory, 'nowhere/f'), 'new', 0o644)).toThrow(/ENOENT/)
})

test('R-RC-1: both files with mode 0644; unchanged content is left alone', async () => {
  const directory = scratch()
  const writer = new ResolvConfWriter(directory)
  const inodes = async () => [(await lstat(writer.uplinkPath)).ino, (await lstat(writer.stubPath)).ino]
  writer.write('uplink 1\n', 'stub\n')
  expect([await mode(writer.uplinkPath), await mode(writer.stubPath)]).toEqual([0o644, 0o644])
  const first = await inodes()
  writer.write('uplink 1\n', 'stub\n')
  expect(await inodes()).toEqual(first)
  writer.write('uplink 2\n', 'stub\n')
  writer.write('uplink 3\n', 'stub\n')
  expect(await readFile(writer.uplinkPath, 'utf8')).toBe('uplink 3\n')
  expect((await inodes())[1]).toBe(first[1])
})

test('R-RC-3: without a stub listener its file is a relative link, and back', async () => {
  const writer = new ResolvConfWriter(scratch())
  writer.write('same\n', 'same\n')
  writer.write('same\n', undefined)
  expect(await readlink(writer.stubPath)).toBe('resolv.conf')
  const before = (await lstat(writer.stubPath)).ino
  writer.write('same\n', undefined)
  expect((await lstat(writer.stubPath)).ino).toBe(before)
  writer.write('same\n', 'same\n')
  expect((await lstat(writer.stubPath)).isFile()).toBe(true)
  expect((await lstat(writer.uplinkPath)).isFile()).toBe(true)
})

const SAVED: SavedLink = {
  settings: {
    ...DEFAULT_LINK_SETTINGS,
    servers: [{ address: IpAddress.parse('192.0.2.1') as IpAddress, port: 0, ifindex: 0, serverName: undefined }],
  },
  origins: { servers: { source: 'bus', busName: ':1.7', uid: 0, process: 'openvpn', at: 1767225600000 } },
}

function store(log = recordingLog()) {
  const directory = join(scratch(), 'netif')
  return { directory, lines: log.lines, store: new LinkStateStore(directory, () => undefined, log.log) }
}

test('R-LINK-9: saved settings are loaded by the next daemon', async () => {
  const { directory, store: links, lines } = store()
  expect(await links.load(7)).toBeUndefined()
  await links.save(7, SAVED)
  expect([await mode(directory), await mode(join(directory, '7'))]).toEqual([0o700, 0o644])
  expect(await new LinkStateStore(directory, () => undefined, recordingLog().log).load(7)).toEqual(SAVED)
  expect(lines).toEqual([])
})

test('R-LINK-9: defaults need no file; the last of many saves counts', async () => {
  const { directory, store: links } = store()
  const renamed = { ...SAVED, settings: { ...SAVED.settings, defaultRoute: true } }
  await Promise.all([links.save(7, SAVED), links.save(8, SAVED), links.save(7, renamed), links.remove(8)])
  expect(await readdir(directory)).toEqual(['7'])
  expect((await links.load(7))?.settings.defaultRoute).toBe(true)
  await links.save(7, { settings: DEFAULT_LINK_SETTINGS, origins: {} })
  expect(await readdir(directory)).toEqual([])
})

test('R-LINK-9: a truncated file loses only itself, with a warning', async () => {
  const { directory, store: links, lines } = store()
  await links.save(7, SAVED)
  await links.save(8, SAVED)
  await writeFile(join(directory, '7'), 'SERVERS=192.0.')
  expect(await links.load(7)).toBeUndefined()
  expect(await links.load(8)).toEqual(SAVED)
  expect(lines).toEqual([`${directory}/7: the saved settings of this link are lost: The file was cut short.`])
})

test('R-LINK-9: files of links that are gone, and half-written ones, are removed at start', async () => {
  const { directory, store: links, lines } = store()
  await links.removeStale(new Set([7]))
  await links.save(7, SAVED)
  await links.save(9, SAVED)
  await writeFile(join(directory, '.#7.tsresolved'), 'half')
  await links.removeStale(new Set([7, 8]))
  expect(await readdir(directory)).toEqual(['7'])
  expect(lines).toEqual([])
})
