import { expect, test } from 'vitest'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'
import { inside, originalUser, testUser } from './kit/world.ts'

const main = `${inside.repo}/dist/main.js`
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
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  expect((await lab.dig('www.test', 'A', '+tcp', '@127.0.0.54')).data).toEqual(['192.0.2.1'])
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

test.skipIf(original)('R-PROC-1: SIGRTMIN+1 killed it: no signal ends it but those that mean stop', async () => {
  await using lab = await Lab.open({ links: { lan } })
  const { pid } = lab.daemon.program
  const realTime = Array.from({ length: 31 }, (_, distance) => `RTMIN+${distance}`)
  for (const name of [
    ...realTime,
    'ALRM',
    'VTALRM',
    'PROF',
    'IO',
    'PWR',
    'STKFLT',
    'PIPE',
    'WINCH',
    'URG',
    'CHLD',
    'CONT',
  ]) {
    await lab.run(['/bin/kill', '-s', name, String(pid)])
  }
  await lab.run(['/bin/kill', '-s', 'RTMIN+18', '-q', String(0x107), String(pid)]) // level debug
  await lab.run(['/bin/kill', '-s', 'RTMIN+18', '-q', String(0x301), String(pid)])
  await eventually(() => expect(said(lab, 'daemon')).toMatch(/Memory: rss \d+ MiB/))
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  expect(said(lab, 'daemon')).toMatch(/ debug: .*www\.test/)
  expect(lab.daemon.program.pid).toBe(pid)
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
  const pending = lab.dig('www.test', 'A', '+tcp')
  await eventually(async () => expect(await lab.links.lan.asked()).toContain('www.test A'))
  await lab.daemon.stop()
  expect((await pending).rcode).toBe('NO REPLY') // whoever waits for the server has SERVFAIL for it in the end
})

test('told to stop in the middle of a reload, and again and again while it does, it ends in order', async () => {
  await using lab = await Lab.open({ links: { lan } })
  const { pid } = lab.daemon.program
  const again = `n=0; while kill -TERM ${pid} 2>/dev/null && [ $n -lt 1000000 ]; do n=$((n + 1)); done`
  await lab.run(['sh', '-c', `kill -HUP ${pid} && ${again}`])
  expect(await lab.daemon.stop()).toBe(0)
  expect((await lab.run(['ss', '-Hlntu', 'src', '127.0.0.53'])).trim()).toBe('')
})

test.skipIf(original)('when port 53 is taken it says who has it', async () => {
  await using lab = await Lab.open({ links: { lan }, start: false })
  const squatters = await lab.world.start('squatter', ['python3', '-uc', squatter], { until: /bound/ })
  await lab.world.start('daemon', [inside.node, main]) // as root, who may see it
  await eventually(() => {
    expect(said(lab, 'daemon')).toMatch(new RegExp(`127\\.0\\.0\\.53.*\n.*python3.*${squatters.pid}.*--listen`))
  })
})

const canChangeUser = process.getuid?.() === 0

test.skipIf(original || !canChangeUser)('whoever may not look into that process is told who may', async () => {
  await using lab = await Lab.open({ links: { lan }, start: false })
  await lab.world.start('squatter', ['python3', '-uc', squatter], { until: /bound/ })
  const user = ['setpriv', '--reuid', String(testUser.uid), '--clear-groups']
  await lab.run(['install', '-d', '-o', String(testUser.uid), '/run/lab/runtime'])
  await lab.world.start('daemon', [...user, inside.node, main, '--runtime-dir', '/run/lab/runtime'])
  await eventually(() => {
    const text = said(lab, 'daemon')
    expect(text).toMatch(/CAP_NET_BIND_SERVICE.*sudo .*main\.js/)
    expect(text).toContain("uid 0, which we may not look into; this names it:  sudo ss -lnup 'sport = 53'")
    expect(text).toContain('The DNS stub is closed')
  })
})

test.skipIf(original || !canChangeUser)('R-PROC-4: started as root it becomes systemd-resolve', async () => {
  await using lab = await Lab.open({ links: { lan }, start: false })
  const hidden = '/run/lab/hidden/repo' // as below /root: of no use after root is left
  await lab.run([
    'sh',
    '-c',
    `mkdir -m 700 /run/lab/hidden && mkdir ${hidden} && mount --rbind /run/lab/repo ${hidden}`,
  ])
  await lab.run(['install', '-d', '-m', '700', '/run/systemd/resolve', '/run/systemd/resolve/netif']) // of an earlier root
  const start = async (name: string, ...options: string[]) => {
    const program = await lab.world.start(name, [inside.node, `${hidden}/dist/main.js`, ...options])
    await eventually(() => expect(said(lab, name)).toContain('is ready'))
    return program
  }
  const first = await start('first')
  await lab.onBus()
  await lab.configureLinks()
  const status = await lab.run(['cat', `/proc/${first.pid}/status`])
  const uid = originalUser.uid
  expect(status).toMatch(new RegExp(`^Uid:\t${uid}\t${uid}\t${uid}\t${uid}$`, 'm'))
  expect(status).toMatch(/^CapPrm:\t0000000000002400$/m)
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  expect(await lab.run(['stat', '-c', '%U', '/run/systemd/resolve', '/run/systemd/resolve/netif'])).toMatch(
    /^(systemd-resolve\n){2}$/,
  )
  await first.signal('SIGHUP')
  await eventually(async () => expect((await lab.dig('www.test', 'A', '+time=1')).data).toEqual(['192.0.2.1']))
  expect(await first.stop()).toBe(0)

  await start('second') // saved link settings are found again
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  expect(lab.world.log.join('\n')).not.toContain('warning')
})

test.skipIf(original || !canChangeUser)('--user: who is not there is an error, root stays root', async () => {
  await using lab = await Lab.open({ start: false })
  const nobody = await lab.tryRun([inside.node, main, '--user', 'no-such-user'])
  expect(nobody).toMatchObject({ code: 1, stderr: "tsresolved: --user: there is no user 'no-such-user'\n" })
  const daemon = await lab.world.start('daemon', [inside.node, main, '--user', 'root'])
  await eventually(() => expect(said(lab, 'daemon')).toContain('is ready'))
  expect(await lab.run(['cat', `/proc/${daemon.pid}/status`])).toMatch(/^Uid:\t0\t0\t0\t0$/m)
})

test.skipIf(original)('a log that nobody reads any more does not keep it from its work', async () => {
  await using lab = await Lab.open({ start: false })
  const pipe = `"$0" "$1" --log-level debug 2>&1 | head -n 1`
  await lab.world.start('daemon', ['sh', '-c', pipe, inside.node, main])
  await eventually(async () => expect((await lab.dig('localhost', 'A', '+time=1')).data).toEqual(['127.0.0.1']))
  expect((await lab.dig('localhost')).data).toEqual(['127.0.0.1'])
})

test.skipIf(original)('R-PROC-2: the watchdog is fed', async () => {
  await using lab = await Lab.open({ start: false })
  await lab.daemon.start() // whose ear for notices is used here
  await lab.daemon.stop()
  lab.daemon.notices.length = 0
  const environment = ['env', 'NOTIFY_SOCKET=/run/lab/notify', 'WATCHDOG_USEC=200000']
  await lab.world.start('daemon', [...environment, inside.node, main])
  await eventually(() => {
    expect(lab.daemon.notices.filter((line) => line === 'WATCHDOG=1').length).toBeGreaterThan(2)
  })
})

function said(lab: Lab, name: string): string {
  return lab.world.log.filter((line) => line.includes(`[${name}]`)).join('\n')
}

const squatter = `
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.53', 53))
print('bound')
time.sleep(600)
`
