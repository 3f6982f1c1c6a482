import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { downloaded, Machine } from './machine.ts'

const ROOT = join(import.meta.dirname, '../..')
const shared = mkdtempSync(join(tmpdir(), 'tsresolved-packages-'))
const OURS = '/mnt/tsresolved_1.0_amd64.deb'
const NEWER = '/mnt/tsresolved_1.1_amd64.deb'
const THEIRS = ['systemd-resolved', 'libnss-resolve']
const INSTALL = `apt-get install -y --no-install-recommends ${OURS}`
const STUB = '../run/systemd/resolve/stub-resolv.conf'

function build(version: string, output = shared): string {
  const options = ['--compression=none', `--version=${version}`, `--output=${output}`]
  const argv = [join(ROOT, 'node_modules/tsx/dist/cli.mjs'), join(ROOT, 'config/debian/build.ts'), ...options]
  return execFileSync(process.execPath, argv, {
    encoding: 'utf8',
    env: { ...process.env, SOURCE_DATE_EPOCH: '1700000000' },
  }).trim()
}

beforeAll(() => {
  build('1.0')
  build('1.1')
  for (const name of ['load.py', 'load-tcp.py']) copyFileSync(join(import.meta.dirname, name), join(shared, name))
})
afterAll(() => rmSync(shared, { recursive: true, force: true }))

/** The package with one maintainer script that fails once it is through; for dpkg the step is broken off. */
function broken(script: string, when: string, from = '1.0'): string {
  const folder = mkdtempSync(join(tmpdir(), 'tsresolved-broken-'))
  const name = `broken-${script}-${when}-${from}.deb`
  execFileSync('dpkg-deb', ['-R', join(shared, `tsresolved_${from}_amd64.deb`), folder])
  execFileSync('sh', ['-c', `echo 'case "$1" in ${when}) exit 1 ;; esac' >>"$0"`, join(folder, 'DEBIAN', script)])
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '-b', folder, join(shared, name)], { stdio: 'ignore' })
  rmSync(folder, { recursive: true })
  return `/mnt/${name}`
}

test('the same sources make the same bytes', () => {
  const again = mkdtempSync(join(tmpdir(), 'tsresolved-again-'))
  const path = build('1.0', again)
  expect(readFileSync(path).equals(readFileSync(join(shared, 'tsresolved_1.0_amd64.deb')))).toBe(true)
  rmSync(again, { recursive: true })
})

/** A package is compressed when it is for others. */
const NOT_FOR_TESTS = 'uses-no-compression-for-data-tarball,uses-no-compression-for-control-tarball'

test('lintian has no errors', () => {
  const found = execFileSync(
    'lintian',
    ['--allow-root', '--suppress-tags', NOT_FOR_TESTS, join(shared, 'tsresolved_1.0_amd64.deb')],
    { encoding: 'utf8' },
  )
  expect(found).not.toMatch(/^E:/m)
})

/** Asks all the time as programs do, by the C library and by /etc/resolv.conf alone, until /tmp/stop is there. */
const WATCH = `
  while [ ! -e /tmp/stop ]; do
    date >>/tmp/asked
    getent ahostsv4 www.test >/dev/null || date +'getent %s.%N' >>/tmp/failed
    [ "$(dig +short +time=1 +tries=1 www.test)" = 192.0.2.1 ] || date +'dig %s.%N' >>/tmp/failed
  done`

/** Where systemd knows how, `systemctl reload` returns when what was written is in force. */
async function waitsForReload(machine: Machine, suite: string): Promise<void> {
  expect(await machine.run('systemctl show -P Type tsresolved')).toBe(suite === 'trixie' ? 'notify-reload' : 'notify')
  const settings = '/etc/systemd/resolved.conf.d/reload.conf'
  await machine.run(`mkdir -p ${settings.replace('/reload.conf', '')}`)
  for (const octet of [1, 2, 3]) {
    await machine.run(`printf '[Resolve]\\nDNS=192.0.2.${octet}\\n' >${settings} && systemctl reload tsresolved`)
    const isInForce = async () => (await machine.run('resolvectl dns')).includes(`Global: 192.0.2.${octet}`)
    const isAtOnce = await isInForce()
    expect(isAtOnce || suite === 'bookworm').toBe(true)
    await machine.until(isInForce)
  }
  await machine.run(`rm -r ${settings.replace('/reload.conf', '')} && systemctl reload tsresolved`)
}

describe.each(['bookworm', 'trixie'])('on %s', (suite) => {
  test('installed, used, upgraded under load, removed and purged: nothing of it stays', async () => {
    await using machine = await Machine.boot(suite, shared)
    const before = await machine.snapshot()
    await machine.run(`dpkg -i ${OURS}`)
    expect(await machine.run('readlink /etc/resolv.conf')).toBe(STUB)
    expect(await machine.run('grep ^hosts: /etc/nsswitch.conf')).toMatch(/files resolve \[!UNAVAIL=return\] dns$/)
    expect(await machine.run('systemctl is-enabled systemd-resolved || true')).toMatch(/^(?:alias|enabled)$/)
    expect(await machine.resolves()).toBe(true) // by the server that only the former file named
    // Of a run that did not come far it is a third of the program.
    const isWhole = 'test $(stat -c %s program.cache) -gt $(stat -c %s program.cjs)'
    await machine.run(`cd /usr/lib/tsresolved/dist && ${isWhole} && cd cli && ${isWhole}`)

    const vpn = '$(cat /sys/class/net/lan/ifindex)' // who claims a domain over the bus, as a VPN client does
    const call = 'busctl call org.freedesktop.resolve1 /org/freedesktop/resolve1 org.freedesktop.resolve1.Manager'
    await machine.run(
      `${call} SetLinkDNS 'ia(iay)' ${vpn} 1 2 4 10 53 1 2 && ${call} SetLinkDomains 'ia(sb)' ${vpn} 1 corp.test true`,
    )
    expect(await machine.run('tsresolvectl query --legend=no intranet.corp.test')).toMatch(/198\.51\.100\.30/)
    expect(await machine.run('resolvectl domain lan')).toMatch(/~corp\.test/)
    expect(await machine.run('getent ahostsv4 intranet.corp.test')).toMatch(/198\.51\.100\.30/)

    const under = (load: string) =>
      `python3 /mnt/${load} >/tmp/load 2>&1 & sleep 1; dpkg -i ${NEWER}; wait; cat /tmp/load`
    // What finds the socket full has not arrived: so it is where this computer takes more than half a second for a start.
    const full = async () => Number(await machine.run(`awk '$2 == "3500007F:0035" { print $NF }' /proc/net/udp`))
    const fullBefore = await full()
    const told = await machine.run(under('load.py 127.0.0.53 1000 12'))
    expect(told).toMatch(/^sent 12000, unanswered \d+, refused 0,/m)
    expect(Number(/unanswered (\d+)/.exec(told)?.[1]), told).toBe((await full()) - fullBefore)
    const overTcp = await machine.run(under('load-tcp.py 127.0.0.53 50 12')) // the same version again
    expect(overTcp).toMatch(/^asked 600, refused 0, closed 0, unanswered 0,/m)
    expect(await machine.run('dpkg-query -W tsresolved')).toMatch(/1\.1$/)
    expect(await machine.run('getent ahostsv4 intranet.corp.test')).toMatch(/198\.51\.100\.30/) // settings outlive it
    await waitsForReload(machine, suite)

    await machine.run('dpkg -r tsresolved')
    expect(await machine.resolves()).toBe(true)
    await machine.run('dpkg -P tsresolved')
    expect(await machine.resolves()).toBe(true)
    expect(await machine.snapshot()).toBe(before)
    expect(await machine.run('ls /run/systemd/resolve 2>&1 || true')).toMatch(/No such file/)
  })

  test('over systemd-resolved: names resolve all the time, links keep their servers, its purge does no harm', async () => {
    execFileSync('cp', ['-r', downloaded(suite, THEIRS), join(shared, suite)])
    await using machine = await Machine.boot(suite, shared)
    await machine.run(`dpkg -i /mnt/${suite}/*.deb && systemctl reload dbus && systemctl restart systemd-resolved`)
    await machine.run('resolvectl dns lan 10.53.1.1; resolvectl domain lan "~test"')
    expect(await machine.run('systemctl is-active systemd-resolved')).toBe('active')
    await machine.run(`(${WATCH}) >/dev/null 2>&1 & ${INSTALL}; code=$?; touch /tmp/stop; exit $code`)
    expect((await machine.try('cat /tmp/failed')).output).toMatch(/No such file/)
    expect(Number(await machine.run('wc -l </tmp/asked'))).toBeGreaterThan(50)
    expect(await machine.run('dig +short +tcp @127.0.0.53 www.test')).toBe('192.0.2.1') // it waited for theirs to end
    expect(await machine.run('ls /run/systemd/system')).toBe('')
    expect(await machine.run('systemctl is-active tsresolved')).toBe('active')
    expect(await machine.run('systemctl show -P Id systemd-resolved')).toBe('tsresolved.service')
    expect(await machine.run('readlink /etc/resolv.conf')).toBe(STUB)
    expect(await machine.run('resolvectl dns lan')).toMatch(/10\.53\.1\.1$/)
    expect(await machine.resolves()).toBe(true)
    await machine.run('dpkg -P systemd-resolved')
    await machine.run('systemctl stop tsresolved')
    expect(await machine.run('resolvectl query --legend=no www.test')).toMatch(/192\.0\.2\.1/) // the bus starts it
    expect(await machine.run('dpkg -V tsresolved')).toBe('')
    await machine.run('dpkg -r tsresolved')
    expect(await machine.resolves()).toBe(true)
    expect(await machine.run('cat /etc/resolv.conf')).toMatch(/^nameserver 10\.53\.1\.1$/m)

    await machine.run(`dpkg -i /mnt/${suite}/*.deb && systemctl reload dbus && systemctl restart systemd-resolved`)
    expect(await machine.run('systemctl show -P Id systemd-resolved')).toBe('systemd-resolved.service')
    await machine.run('resolvectl dns lan 10.53.1.1 && ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf')
    expect(await machine.resolves()).toBe(true)
  })
})

describe('broken off over systemd-resolved, that goes on', () => {
  const SUITE = 'bookworm'

  async function withTheirs(): Promise<Machine> {
    execFileSync('cp', ['-r', downloaded(SUITE, THEIRS), join(shared, SUITE)])
    const machine = await Machine.boot(SUITE, shared)
    await machine.run(`dpkg -i /mnt/${SUITE}/*.deb && systemctl reload dbus && systemctl restart systemd-resolved`)
    await machine.run('resolvectl dns lan 10.53.1.1')
    return machine
  }

  test('preinst fails after that has been removed', async () => {
    await using machine = await withTheirs()
    const bad = broken('preinst', 'install')
    expect((await machine.try(`apt-get install -y --no-install-recommends ${bad}`)).code).not.toBe(0)
    expect(await machine.resolves()).toBe(true)
    await machine.run('systemctl kill --signal=KILL systemd-resolved; systemctl kill --signal=KILL systemd-resolved')
    await machine.until(() => machine.resolves()) // as after the next boot: by the servers of the uplinks
  })

  test('the daemon does not start', async () => {
    await using machine = await withTheirs()
    await machine.run('mkdir -p /etc/systemd/system/tsresolved.service.d')
    await machine.run(
      "printf '[Service]\\nExecStartPre=/bin/false\\n' >/etc/systemd/system/tsresolved.service.d/bad.conf",
    )
    const text = await machine.run(`apt-get install -y --no-install-recommends ${OURS}`)
    expect(text).toContain('The daemon does not start')
    expect(await machine.resolves()).toBe(true)
  })
})

describe('broken off, names are resolved', () => {
  const SUITE = 'bookworm'

  test.each([
    ['preinst', 'install'],
    ['postinst', 'configure'],
  ])('%s while it is installed; then it is tried again', async (script, when) => {
    const bad = broken(script, when)
    await using machine = await Machine.boot(SUITE, shared)
    const before = await machine.snapshot()
    expect((await machine.try(`dpkg -i ${bad}`)).code).not.toBe(0)
    expect(await machine.resolves()).toBe(true)
    expect(script === 'postinst' || (await machine.snapshot()) === before).toBe(true)
    await machine.run(`dpkg -i ${OURS}`)
    expect(await machine.resolves()).toBe(true)
    await machine.run('dpkg -P tsresolved')
    expect(await machine.resolves()).toBe(true)
    expect(await machine.snapshot()).toBe(before)
  })

  test('dpkg killed while it unpacks', async () => {
    await using machine = await Machine.boot(SUITE, shared)
    const before = await machine.snapshot()
    const unpacking = 'until [ -e /usr/lib/tsresolved/node.dpkg-new ]; do :; done'
    await machine.try(`dpkg -i ${OURS} & pid=$!; ${unpacking}; kill -KILL $pid; wait $pid`)
    expect(await machine.resolves()).toBe(true)
    await machine.run(`dpkg -i ${OURS}`)
    expect(await machine.resolves()).toBe(true)
    await machine.run('dpkg -P tsresolved')
    expect(await machine.snapshot()).toBe(before)
  })

  test.each([
    ['preinst', 'upgrade'],
    ['postinst', 'configure'],
  ])('%s of an upgrade; then it is tried again', async (script, when) => {
    const bad = broken(script, when, '1.1')
    await using machine = await Machine.boot(SUITE, shared)
    await machine.run(`dpkg -i ${OURS}`)
    expect((await machine.try(`dpkg -i ${bad}`)).code).not.toBe(0)
    expect(await machine.resolves()).toBe(true)
    await machine.run(`dpkg -i ${NEWER}`)
    expect(await machine.resolves()).toBe(true)
  })

  test.each([
    ['prerm', 'remove'],
    ['postrm', 'remove'],
    ['postrm', 'purge'],
  ])('%s %s; then it is tried again', async (script, when) => {
    const bad = broken(script, when)
    await using machine = await Machine.boot(SUITE, shared)
    const before = await machine.snapshot()
    await machine.run(`dpkg -i ${bad}`)
    expect((await machine.try('dpkg -P tsresolved')).code).not.toBe(0)
    expect(await machine.resolves()).toBe(true)
    await machine.run(`sed -i '$d' /var/lib/dpkg/info/tsresolved.${script} && dpkg -P tsresolved`)
    expect(await machine.resolves()).toBe(true)
    expect(await machine.snapshot()).toBe(before)
  })
})

describe('what the administrator means', () => {
  const SUITE = 'bookworm'

  test('a daemon that does not start changes nothing, and does not stop apt', async () => {
    await using machine = await Machine.boot(SUITE, shared)
    await machine.run('mkdir -p /etc/systemd/system/tsresolved.service.d')
    await machine.run(
      "printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' >/etc/systemd/system/tsresolved.service.d/bad.conf",
    )
    expect(await machine.run(`dpkg -i ${OURS}`)).toContain('The daemon does not start')
    expect((await machine.try('readlink /etc/resolv.conf')).output).toBe('')
    expect(await machine.resolves()).toBe(true)
  })

  test('the answers to debconf hold', async () => {
    await using machine = await Machine.boot(SUITE, shared)
    await machine.run(
      "printf 'tsresolved tsresolved/%s boolean false\\n' resolv-conf nsswitch | debconf-set-selections",
    )
    const files = 'md5sum /etc/resolv.conf /etc/nsswitch.conf'
    const before = await machine.run(files)
    await machine.run(`dpkg -i ${OURS}`)
    expect(await machine.run(files)).toBe(before)
    await machine.run(
      'echo tsresolved tsresolved/resolv-conf boolean true | debconf-set-selections; dpkg-reconfigure tsresolved',
    )
    expect(await machine.run('readlink /etc/resolv.conf')).toBe(STUB)
    await machine.run('dpkg -P tsresolved')
    expect(await machine.run(files)).toBe(before)
  })

  test('a link that another program made stays, unattended, and so does a file that cannot be replaced', async () => {
    await using machine = await Machine.boot(SUITE, shared)
    await machine.run(
      'mkdir /run/other && mv /etc/resolv.conf /run/other/ && ln -s ../run/other/resolv.conf /etc/resolv.conf',
    )
    await machine.run(`dpkg -i ${OURS}`)
    expect(await machine.run('readlink /etc/resolv.conf')).toBe('../run/other/resolv.conf')
    expect(await machine.resolves()).toBe(true)
    await machine.run('dpkg -P tsresolved')
    await machine.run(
      'rm /etc/resolv.conf; cp /run/other/resolv.conf /etc/; mount --bind /run/other/resolv.conf /etc/resolv.conf',
    )
    expect(await machine.run(`dpkg -i ${OURS}`)).toContain('/etc/resolv.conf cannot be replaced')
    expect(await machine.resolves()).toBe(true)
    await machine.run('dpkg -P tsresolved')
    expect(await machine.resolves()).toBe(true)
  })

  test('where services must not be started, names resolve as before, and the next boot starts it', async () => {
    await using machine = await Machine.boot(SUITE, shared)
    await machine.run("printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d")
    await machine.run(`dpkg -i ${OURS}`)
    expect((await machine.try('systemctl is-active tsresolved')).output.trim()).toBe('inactive')
    expect(await machine.run('systemctl is-enabled tsresolved')).toBe('enabled')
    expect(await machine.resolves()).toBe(true)
  })

  test('the module and the resolver that others depend on are there', async () => {
    await using machine = await Machine.boot(SUITE, shared)
    await machine.run(`dpkg -i ${OURS}`)
    const fields = await machine.run("dpkg-query -W -f '${Provides}' tsresolved")
    expect(fields).toBe('systemd-resolved, libnss-resolve, resolvconf')
    expect(await machine.run('getent -s resolve ahostsv4 www.test')).toMatch(/^192\.0\.2\.1/)
    expect(
      await machine.run('resolvconf --version; systemd-resolve --version; man -w tsresolved 2>&1 || true'),
    ).toBeTruthy()
  })
})

describe('the unit', () => {
  const SOCKETS = 'tsresolved-varlink.socket tsresolved-monitor.socket'

  test('what it keeps for longer than it runs is its own, and goes with it', async () => {
    await using machine = await Machine.boot('bookworm', shared)
    const before = await machine.snapshot()
    await machine.run(`dpkg -i ${OURS}`)
    await machine.run(
      "printf '[Resolve]\\nDNSSEC=yes\\n' >/etc/tsresolved.conf.d/dnssec.conf; systemctl reload tsresolved",
    )
    expect(await machine.run('stat -c %U /var/lib/tsresolved/keys')).toBe('systemd-resolve')
    const asked = await machine.run(
      'nsenter -t $(systemctl show -P MainPID tsresolved) -m -S $(id -u systemd-resolve) touch /var/lib/tsresolved/keys/it /etc/it 2>&1 || true',
    )
    expect(asked).toMatch(/^touch: .*\/etc\/it.*(?:Read-only|denied)/)
    await machine.run('test -e /var/lib/tsresolved/keys/it && rm -r /etc/tsresolved.conf.d/dnssec.conf')
    await machine.run('dpkg -P tsresolved')
    expect(await machine.snapshot()).toBe(before)
    expect((await machine.try('ls /var/lib/tsresolved')).code).not.toBe(0)
  })

  test('who connects by varlink starts it, where the administrator wants that', async () => {
    await using machine = await Machine.boot('bookworm', shared)
    const before = await machine.snapshot()
    await machine.run(`dpkg -i ${OURS}`)
    await machine.run(`systemctl stop tsresolved && systemctl enable --now ${SOCKETS}`)
    expect((await machine.try('systemctl is-active tsresolved')).output.trim()).toBe('inactive')
    expect(await machine.run('getent -s resolve ahostsv4 www.test')).toMatch(/^192\.0\.2\.1/)
    expect(await machine.run('systemctl is-active tsresolved')).toBe('active')
    await machine.run('systemctl restart tsresolved')
    expect(await machine.resolves()).toBe(true)
    await machine.run('dpkg -P tsresolved')
    expect(await machine.resolves()).toBe(true)
    expect(await machine.snapshot()).toBe(before)
  })

  test('is right by systemd, and its sandbox shows little', async () => {
    await using machine = await Machine.boot('bookworm', shared)
    await machine.run(`dpkg -i ${OURS}`)
    expect(await machine.run(`systemd-analyze verify tsresolved.service ${SOCKETS}`)).toBe('')
    const text = await machine.run('systemd-analyze security --no-pager tsresolved.service')
    const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(text)?.[1])
    expect(exposure).toBeGreaterThan(0)
    expect(exposure).toBeLessThanOrEqual(2)
  })

  test('one that stands still is killed and started again; a crash as well; a reload waits for its end', async () => {
    await using machine = await Machine.boot('bookworm', shared)
    await machine.run(`dpkg -i ${OURS}`)
    await machine.run('mkdir -p /run/systemd/system/tsresolved.service.d')
    await machine.run("printf '[Service]\\nWatchdogSec=2s\\n' >/run/systemd/system/tsresolved.service.d/quick.conf")
    await machine.run('systemctl daemon-reload && systemctl restart tsresolved')
    const pid = () => machine.run('systemctl show -P MainPID tsresolved')
    const first = await pid()
    await machine.run(`kill -STOP ${first}`)
    await machine.until(
      async () => (await pid()) !== first && (await machine.try('systemctl is-active tsresolved')).code === 0,
    )
    expect(await machine.resolves()).toBe(true)
    const second = await pid()
    await machine.run(`kill -SEGV ${second}`)
    await machine.until(
      async () => (await pid()) !== second && (await machine.try('systemctl is-active tsresolved')).code === 0,
    )
    expect(await machine.resolves()).toBe(true)
    const third = await pid()
    await machine.run('systemctl reload tsresolved && kill -s RTMIN+1 $(systemctl show -P MainPID tsresolved)')
    expect(await pid()).toBe(third)
  })
})
