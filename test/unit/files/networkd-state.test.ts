import { renameSync, writeFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type NetworkdLinks, NetworkdState } from '../../../src/files/index.ts'
import { formatServerSpec } from '../../../src/settings/index.ts'
import { lay, realClock, recordingLog, scratch } from './kit.ts'

vi.setConfig({ testTimeout: 30_000 }) // the kernel's events come in their own time

const show = (links: NetworkdLinks) =>
  Object.fromEntries(
    [...links].map(([ifindex, { settings }]) => [ifindex, settings.servers.map(formatServerSpec).join(' ')]),
  )

async function open(root: string, names: Record<string, number> = {}) {
  const seen: NetworkdLinks[] = []
  let wake: (() => void) | undefined
  const { log, lines } = recordingLog()
  const onChange = (links: NetworkdLinks) => {
    seen.push(links)
    wake?.()
  }
  const state = await NetworkdState.open({
    directory: join(root, 'systemd'),
    clock: realClock(),
    log,
    ifindexOf: (name) => names[name],
    onChange,
  })
  onTestFinished(() => state[Symbol.asyncDispose]())
  /** Resolves once the picture shows `expected`; the test's own time limit is the only other way out. */
  const until = async (expected: Record<number, string>) => {
    while (JSON.stringify(show(state.links)) !== JSON.stringify(expected)) {
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  return { state, seen, lines, until }
}

/** As networkd writes: renamed into place. */
async function put(root: string, ifindex: number, text: string) {
  const path = join(root, 'systemd/netif/links', String(ifindex))
  await lay(root, { [`systemd/netif/links/.#${ifindex}`]: `ADMIN_STATE=configured\n${text}\n` })
  await rename(join(root, `systemd/netif/links/.#${ifindex}`), path)
}

test('R-NETD-1: what is there at start is in the first picture', async () => {
  const root = scratch()
  await put(root, 2, 'DNS=192.0.2.2')
  await put(root, 3, 'DNS=192.0.2.3')
  const { state, seen, lines } = await open(root)
  expect(show(state.links)).toEqual({ 2: '192.0.2.2', 3: '192.0.2.3' })
  expect(seen).toHaveLength(1)
  expect(lines).toEqual([])
})

test('R-NETD-2: new, changed and removed files are followed; the others keep their very objects', async () => {
  const root = scratch()
  await put(root, 2, 'DNS=192.0.2.2')
  const { state, until } = await open(root)
  const second = state.links.get(2)
  await put(root, 3, 'DNS=192.0.2.3')
  await until({ 2: '192.0.2.2', 3: '192.0.2.3' })
  await put(root, 3, 'DNS=192.0.2.33')
  await until({ 2: '192.0.2.2', 3: '192.0.2.33' })
  expect(state.links.get(2)).toBe(second)
  await rm(join(root, 'systemd/netif/links/3'))
  await until({ 2: '192.0.2.2' })
})

test.each([
  ['/run/systemd is missing', ''],
  ['/run/systemd/netif is missing', 'systemd'],
  ['links/ is missing', 'systemd/netif'],
])('R-NETD-2: %s at start', async (_, present) => {
  const root = scratch()
  await mkdir(join(root, present), { recursive: true })
  const { seen, until } = await open(root)
  expect(seen).toEqual([])
  await put(root, 2, 'DNS=192.0.2.2')
  await until({ 2: '192.0.2.2' })
})

test('R-NETD-2: networkd goes with its directory and comes back', async () => {
  const root = scratch()
  await put(root, 2, 'DNS=192.0.2.2')
  const { state, until } = await open(root)
  await rm(join(root, 'systemd/netif'), { recursive: true })
  await until({})
  await put(root, 2, 'DNS=192.0.2.22')
  await until({ 2: '192.0.2.22' })
  expect(state.links.size).toBe(1)
})

test('a burst of events is a few pictures, the last one complete', async () => {
  const root = scratch()
  await put(root, 2, '')
  const { seen, until } = await open(root)
  const path = join(root, 'systemd/netif/links/2')
  for (let round = 0; round < 200; round++) {
    writeFileSync(`${path}.new`, `ADMIN_STATE=configured\nDNS=192.0.2.${round}\n`) // all before any event is heard
    renameSync(`${path}.new`, path)
  }
  await until({ 2: '192.0.2.199' })
  expect(seen.length).toBeLessThan(10)
})

test('servers that name an interface unknown so far are understood when it is known', async () => {
  const root = scratch()
  await put(root, 2, 'DNS=fe80::1%eth0')
  const names: Record<string, number> = {}
  const { state, lines, seen } = await open(root, names)
  expect(show(state.links)).toEqual({ 2: '' })
  expect(lines).toEqual([expect.stringContaining("There is no interface 'eth0'.")])
  names['eth0'] = 2
  state.reparse()
  expect(show(state.links)).toEqual({ 2: 'fe80::1' })
  state.reparse()
  expect(seen).toHaveLength(2)
})

test('other files in the directory are nobody', async () => {
  const root = scratch()
  await put(root, 2, 'DNS=192.0.2.2')
  await writeFile(join(root, 'systemd/netif/links/state'), 'ADMIN_STATE=configured\n')
  await mkdir(join(root, 'systemd/netif/links/4'))
  const { state, lines } = await open(root)
  expect(show(state.links)).toEqual({ 2: '192.0.2.2' })
  expect(lines).toEqual([expect.stringContaining('not a regular file')])
})

test('after disposal, twice, nothing is heard any more', async () => {
  const root = scratch()
  await put(root, 2, '')
  const { state, seen } = await open(root)
  await state[Symbol.asyncDispose]()
  await state[Symbol.asyncDispose]()
  await put(root, 2, 'DNS=192.0.2.2')
  await put(root, 3, 'DNS=192.0.2.3')
  const other = await open(root) // its first picture proves that the events have happened
  expect(show(other.state.links)).toEqual({ 2: '192.0.2.2', 3: '192.0.2.3' })
  expect(seen).toHaveLength(1)
})
