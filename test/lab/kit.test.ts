import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readlink } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { eventually } from './kit/eventually.ts'
import { Lab } from './kit/lab.ts'

const links = { lan: { zone: { 'www.test': 'A 192.0.2.1' } }, vpn: {} }

test('a lab leaves nothing behind', async () => {
  const before = await outside()
  let network: string
  {
    await using lab = await Lab.open({ links, start: false })
    network = await readlink(`/proc/${lab.world.holder}/ns/net`)
    expect(await processesIn(network)).not.toEqual([])
  }
  await eventually(async () => expect(await processesIn(network)).toEqual([]))
  await eventually(async () => expect(await outside()).toEqual(before))
})

test('not even when the test is killed', async () => {
  const kit = new URL('kit/world.ts', import.meta.url).href
  const script = `const { World } = await import('${kit}')
    const world = await World.open('left')
    await world.start('sleep', ['sleep', '600'])
    console.log(world.holder)`
  const victim = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    env: { ...process.env, TSX_DISABLE_CACHE: '1' },
  })
  const [holder] = (await once(createInterface({ input: victim.stdout }), 'line')) as [string]
  const network = await readlink(`/proc/${holder}/ns/net`)
  expect((await processesIn(network)).length).toBeGreaterThan(1)
  victim.kill('SIGKILL')
  await eventually(async () => expect(await processesIn(network)).toEqual([]))
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
  const dig = (...words: string[]) => lab.dig('www.test', 'A', `@${server}`, '+time=1', ...words)
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

/** Network namespaces with a name, and interfaces, as the machine itself sees them. */
async function outside(): Promise<string> {
  const run = promisify(execFile)
  return (await run('ip', ['-br', 'link'])).stdout
}

async function processesIn(network: string): Promise<string[]> {
  const numbers = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const networks = await Promise.all(numbers.map((pid) => readlink(`/proc/${pid}/ns/net`).catch(() => '')))
  return numbers.filter((_, i) => networks[i] === network)
}
