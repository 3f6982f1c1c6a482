import { expect, test } from 'vitest'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'
import { inside, testUser } from './kit/world.ts'

const lan = { zone: { 'www.test': 'A 192.0.2.1' } }

/** Bits 10 and 13 of linux/capability.h: CAP_NET_BIND_SERVICE and CAP_NET_RAW. */
const bindAndRaw = (1n << 10n) | (1n << 13n)

test.skipIf(original)('it runs with two capabilities, as an unprivileged user', async () => {
  await using lab = await Lab.open({ links: { lan } })
  for (const set of ['CapEff', 'CapPrm', 'CapBnd']) {
    expect(BigInt(`0x${await lab.daemon.status(set)}`) & ~bindAndRaw).toBe(0n)
  }
  expect(BigInt(`0x${await lab.daemon.status('CapEff')}`)).toBe(bindAndRaw)
  const uid = lab.world.isRoot ? testUser.uid : 0
  expect(await lab.daemon.status('Uid')).toBe(Array(4).fill(uid).join('\t'))
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
})

test('READY=1 only when everything is open', async () => {
  await using lab = await Lab.open({ links: { lan: { ...lan, dns: [] } }, config: 'DNS=10.53.1.1', start: false })
  await lab.daemon.start()
  expect(lab.daemon.notices).toContain('READY=1')
  expect((await lab.dig('www.test', 'A', '+time=1')).data).toEqual(['192.0.2.1'])
  expect((await lab.dig('www.test', 'A', '+tcp', '@127.0.0.54', '+time=1')).data).toEqual(['192.0.2.1'])
  await lab.run(['test', '-f', '/run/systemd/resolve/stub-resolv.conf'])
})

test.skipIf(original)('--listen, --runtime-dir and --config', async () => {
  await using lab = await Lab.open({ links: { lan: { ...lan, dns: [] } }, start: false })
  await lab.write('/run/lab/own/resolved.conf', '[Resolve]\nDNS=10.53.1.1\n')
  await lab.run(['install', '-d', '-o', String(lab.world.isRoot ? testUser.uid : 0), '/run/lab/runtime'])
  const options = [
    '--listen',
    '127.0.0.1:5300',
    '--runtime-dir',
    '/run/lab/runtime',
    '--config',
    '/run/lab/own/resolved.conf',
  ]
  await lab.daemon.start(...options)
  expect((await lab.dig('www.test', 'A', '@127.0.0.1', '-p', '5300')).data).toEqual(['192.0.2.1'])
  expect((await lab.dig('www.test', 'A', '@127.0.0.1', '-p', '5300', '+tcp')).data).toEqual(['192.0.2.1'])
  await lab.run(['test', '-f', '/run/lab/runtime/stub-resolv.conf'])
})

test.skipIf(original)('--help and --version', async () => {
  await using lab = await Lab.open({ start: false })
  const daemon = (...words: string[]) => lab.run([inside.node, `${inside.repo}/dist/main.js`, ...words])
  expect(await daemon('--help')).toContain('--listen')
  expect(await daemon('--version')).toMatch(/^tsresolved \d+\.\d+\.\d+/)
  expect((await lab.tryRun([inside.node, `${inside.repo}/dist/main.js`, '--nonsense'])).code).not.toBe(0)
})

test('SIGTERM and SIGINT end it in an orderly way', async () => {
  await using lab = await Lab.open({ links: { lan } })
  expect(await lab.daemon.stop('SIGTERM')).toBe(0)
  await lab.daemon.start()
  expect(await lab.daemon.stop('SIGINT')).toBe(0)
  expect((await lab.run(['ss', '-Hlntu', 'src', '127.0.0.53'])).trim()).toBe('')
})

test('after a crash it starts again at once', async () => {
  await using lab = await Lab.open({ links: { lan: { ...lan, dns: [] } }, config: 'DNS=10.53.1.1' })
  await lab.dig('www.test', 'A', '+tcp')
  await lab.daemon.restart('SIGKILL')
  expect((await lab.dig('www.test', 'A', '+tcp')).data).toEqual(['192.0.2.1'])
})

test('questions waiting when it is told to stop do not keep it', async () => {
  await using lab = await Lab.open({ links: { lan } })
  await lab.links.lan.upstream.on({}, { drop: true })
  const pending = lab.dig('www.test', 'A', '+time=3')
  await eventually(async () => expect(await lab.links.lan.asked()).toContain('www.test A'))
  const began = performance.now()
  await lab.daemon.stop()
  expect(performance.now() - began).toBeLessThan(3000)
  await pending
})

test.skipIf(original)('when port 53 is taken it says who has it', async () => {
  await using lab = await Lab.open({ links: { lan }, start: false })
  const squatters = await lab.world.start('squatter', ['python3', '-uc', squatter], { until: /bound/ })
  await lab.world.start('daemon', [inside.node, `${inside.repo}/dist/main.js`]) // as root, who may see it
  await eventually(() => {
    const said = lab.world.log.filter((line) => line.includes('[daemon]')).join('\n')
    expect(said).toMatch(new RegExp(`127\\.0\\.0\\.53.*python3.*${squatters.pid}.*--listen`))
  })
})

const squatter = `
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.53', 53))
print('bound')
time.sleep(600)
`
