import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { linksOf, neighbourLinks, saveAsOurs } from '../../../src/app/neighbour.ts'
import { Logger } from '../../../src/base/index.ts'
import { readSavedLink } from '../../../src/settings/index.ts'

const links = linksOf(
  [
    [3, 2, Uint8Array.of(192, 0, 2, 1)],
    [0, 2, Uint8Array.of(192, 0, 2, 99)],
    [3, 10, Uint8Array.from([0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 1])],
    [12, 2, Uint8Array.of(198, 51, 100, 1)],
  ],
  [
    [3, 'home.test', false],
    [0, 'global.test', false],
    [12, '.', true],
    [13, 'nobody.test', false],
  ],
)

test('what the bus tells of links with servers becomes saved settings, as a client would have made them', async () => {
  for (const link of links.values()) link.defaultRoute = false
  const directory = await mkdtemp(join(tmpdir(), 'neighbour-'))
  await saveAsOurs(links, directory)
  const saved = async (ifindex: number) => {
    const text = await readFile(join(directory, 'netif', String(ifindex)), 'utf8')
    return readSavedLink({ path: 'netif', text }, ifindex, () => undefined)
  }
  const { saved: third, warnings } = await saved(3)
  expect(warnings).toEqual([])
  expect(third.settings.servers.map(({ address }) => address.text)).toEqual(['192.0.2.1', '2001:db8::1'])
  expect(third.settings.domains).toEqual([{ name: 'home.test', routeOnly: false }])
  expect(third.settings.defaultRoute).toBe(false)
  expect((await saved(12)).saved.settings.domains).toEqual([{ name: '.', routeOnly: true }])
  await expect(saved(13)).rejects.toThrow('ENOENT')
  await rm(directory, { recursive: true })
})

test('no bus, no neighbour', async () => {
  const lines: string[] = []
  const log = new Logger('debug', (level, line) => lines.push(`${level} ${line}`))
  expect(await neighbourLinks('unix:path=/nonexistent/bus', 0, log)).toEqual(new Map())
  expect(lines).toEqual([expect.stringMatching(/^debug No other resolver can be asked over the bus: /)])
})
