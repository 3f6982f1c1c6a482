import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readlink } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { eventually } from './kit/eventually.ts'
import { Lab } from './kit/lab.ts'

const links = { lan: { zone: { 'www.test': 'A 192.0.2.1' } }, vpn: {} }

test('a lab leaves nothing behind', async () => {
  let processes: string
  {
    await using lab = await Lab.open({ links, start: false })
    processes = await readlink(`/proc/${lab.world.holder}/ns/pid`)
    expect((await everybodyIn(processes)).length).toBeGreaterThan(4)
  }
  expect(await everybodyIn(processes)).toEqual([])
})

test('not even when the test is killed', async () => {
  const kit = new URL('kit/world.ts', import.meta.url).href
  const script = `const { World } = await import('${kit}')
    const world = await World.open('left')
    await world.start('sleep', ['unshare', '--net', 'sleep', '600'])
    console.log(world.holder)`
  const env = { ...process.env, TSX_DISABLE_CACHE: '1' }
  const victim = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { env })
  const [holder] = (await once(createInterface({ input: victim.stdout }), 'line')) as [string]
  const processes = await readlink(`/proc/${holder}/ns/pid`)
  expect((await everybodyIn(processes)).length).toBeGreaterThan(1)
  victim.kill('SIGKILL')
  await eventually(async () => expect(await everybodyIn(processes)).toEqual([]))
})

test('the host is private: names, files, processes', async () => {
  await using lab = await Lab.open({ links, start: false })
  expect(await lab.run(['hostname'])).toBe('labhost\n')
  expect(await lab.run(['cat', '/etc/nsswitch.conf'])).toContain('hosts: dns')
  expect((await lab.run(['ls', '/sys/class/net'])).split('\n').toSorted()).toEqual(['', 'lan', 'lo', 'vpn'])
  expect(await lab.run(['cat', '/proc/1/comm'])).toBe('cat\n')
})

test('scripted servers do as told, and record it', async () => {
  await using lab = await Lab.open({ links, start: false })
  const { upstream, server, server2 } = lab.links.lan
  const dig = (...words: string[]) => lab.dig('www.test', 'A', `@${server}`, ...words)
  expect(await dig()).toMatchObject({ rcode: 'NOERROR', data: ['192.0.2.1'] })
  expect(await dig('+tcp', '+dnssec')).toMatchObject({ rcode: 'NOERROR', data: ['192.0.2.1'] })
  await upstream.on({ name: 'test', times: 1 }, { rcode: 'REFUSED' })
  expect((await dig()).rcode).toBe('REFUSED')
  await upstream.on({ to: server2 }, { drop: true })
  expect((await lab.dig('www.test', 'A', `@${server2}`, '+time=1')).rcode).toBe('NO REPLY')
  expect(await upstream.questions()).toMatchObject([
    { transport: 'udp', to: server, from: lab.links.lan.address, rd: true },
    { transport: 'tcp', to: server, edns: { do: true } },
    { transport: 'udp', to: server },
    { transport: 'udp', to: server2 },
  ])
})

/** Without processes, namespaces that have no name end, and with them their interfaces and mounts. */
async function everybodyIn(processes: string): Promise<string[]> {
  const numbers = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const namespaces = await Promise.all(numbers.map((pid) => readlink(`/proc/${pid}/ns/pid`).catch(() => '')))
  return numbers.filter((_, i) => namespaces[i] === processes)
}
