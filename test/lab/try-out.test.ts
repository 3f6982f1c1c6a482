import { expect, test } from 'vitest'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'
import { inside, testUser } from './kit/world.ts'

const lan = { zone: { 'www.test': 'A 192.0.2.1' }, domains: ['~test'] }
const own = ['@127.0.0.1', '-p', '5300'] as const
const owner = ['busctl', 'call', 'org.freedesktop.DBus', '/', 'org.freedesktop.DBus', 'GetNameOwner', 's']

async function tryOut(lab: Lab) {
  const user = lab.world.isRoot ? ['setpriv', '--reuid', String(testUser.uid), '--clear-groups'] : []
  await lab.world.start('try-out', [...user, inside.node, `${inside.repo}/dist/main.js`, '--try-out'])
  const said = () => lab.world.log.filter((line) => line.includes('[try-out]')).join('\n')
  await eventually(() => expect(said()).toMatch(/Try: {2}\S.* status$/m)) // the last line of its start
  return said
}

const nameOwner = async (lab: Lab) => (await lab.tryRun([...owner, 'org.freedesktop.resolve1'])).stdout.trim()

test.skipIf(original)('beside systemd-resolved it asks the servers which that one was given over the bus', async () => {
  await using lab = await Lab.open({ links: { lan } })
  await lab.daemon.replaceBy('original')
  const said = await tryOut(lab)
  expect(said()).toContain('told the servers of 1 links')
  expect(said()).not.toContain('knows no DNS server')
  expect((await lab.dig('www.test', 'A', ...own)).data).toEqual(['192.0.2.1'])
  expect((await lab.dig('www.test', 'A', ...own, '+tcp')).data).toEqual(['192.0.2.1'])
  const [, printed = ''] = /Try: {2}(\S.* status)$/m.exec(said()) ?? []
  expect(await lab.run(printed.split(' '))).toMatch(/10\.53\.1\.1/)
})

test.skipIf(original)('it takes nothing of the machine, also not while the resolver of that restarts', async () => {
  await using lab = await Lab.open({ links: { lan } })
  await tryOut(lab)
  const listening = async () => (await lab.run(['ss', '-Hlntu', 'src', '127.0.0.53'])).trim()
  await lab.daemon.stop()
  expect(await nameOwner(lab)).toBe('')
  expect(await listening()).toBe('')
  await lab.daemon.start() // and finds everything free
  await lab.onBus()
  expect(await nameOwner(lab)).not.toBe('')
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  expect((await lab.dig('www.test', 'A', ...own)).data).toEqual(['192.0.2.1'])
})

test.skipIf(original)('on a machine without any it says that it knows no servers, and starts nobody', async () => {
  await using lab = await Lab.open({ start: false })
  const said = await tryOut(lab)
  expect(said()).toMatch(/knows no DNS server\. Name one: .* --runtime-dir=\/tmp\/tsresolved-\w+ dns LINK ADDRESS/)
  expect(said()).toContain('dig @127.0.0.1 -p 5300 example.com')
  expect((await lab.dig('localhost', 'A', ...own)).data).toEqual(['127.0.0.1'])
  expect(await nameOwner(lab)).toBe('')
})
