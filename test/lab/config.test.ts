import { expect, test } from 'vitest'
import { debianExtra } from './kit/debian.ts'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'
import { inside } from './kit/world.ts'

const config = `${inside.repo}/config`
const canChangeUser = process.getuid?.() === 0
const complaints = (text: string) => text.split('\n').filter((line) => line.includes('tsresolved'))

test.skipIf(original)('systemd finds nothing wrong with the unit', async () => {
  await using lab = await Lab.open({ start: false, bus: false })
  // The places of an installed system are not there, and the world shares /usr with the machine.
  const unit = await lab.run([
    'sed',
    `s!^ExecStart=.*!ExecStart=${inside.repo}/dist/main.js!`,
    `${config}/tsresolved.service`,
  ])
  await lab.write('/etc/systemd/system/tsresolved.service', unit)
  await lab.write('/etc/systemd/system/tsresolved-broken.service', unit.replace('Restart=always', 'Restart=sometimes'))
  const verify = (name: string) => lab.tryRun(['systemd-analyze', 'verify', '--man=no', `/etc/systemd/system/${name}`])
  expect(complaints((await verify('tsresolved-broken.service')).stderr).join()).toContain('sometimes')
  expect(complaints((await verify('tsresolved.service')).stderr)).toEqual([])
  for (const name of ['tsresolved-varlink.socket', 'tsresolved-monitor.socket']) {
    await lab.run(['cp', `${config}/${name}`, '/etc/systemd/system'])
    expect(complaints((await verify(name)).stderr)).toEqual([])
  }
  const security = [
    'systemd-analyze',
    'security',
    '--offline=yes',
    '--no-pager',
    '/etc/systemd/system/tsresolved.service',
  ]
  const exposure = Number(/exposure level for \S+: ([\d.]+)/.exec((await lab.tryRun(security)).stdout)?.[1])
  expect(exposure).toBeGreaterThan(0)
  expect(exposure).toBeLessThanOrEqual(2)
})

/** As an init does: whose parent has ended is its child, and waited for. */
const reaper = `
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
shell = subprocess.Popen(sys.argv[1:])
while True:
    pid, status = os.wait()
    if pid == shell.pid:
        sys.exit(os.waitstatus_to_exitcode(status))
`
const sysvinit = `
answers() { until dig +short +tries=1 +time=1 @127.0.0.53 www.test | grep -qx 192.0.2.1; do :; done; }
ready() { until [ "$(grep -c 'is ready' $LOG)" -ge "$1" ]; do :; done; } # it answers before all of it is there
! "$0" status
"$0" start
answers
ready 1
"$0" status
"$0" start # it runs already
first=$(cat $PIDFILE)
"$0" reload
"$0" restart
answers
ready 2
[ "$(cat $PIDFILE)" != "$first" ]
"$0" stop
! "$0" status
"$0" nonsense || [ $? -eq 2 ]
cat $LOG`

test.skipIf(original)('without systemd: the script for sysvinit starts, reloads, restarts and stops it', async () => {
  const lan = { zone: { 'www.test': 'A 192.0.2.1' }, dns: [] }
  await using lab = await Lab.open({ links: { lan }, config: 'DNS=10.53.1.1', start: false, bus: false })
  await lab.write('/run/lab/tsresolved', `#!/bin/sh\nexec ${inside.node} ${inside.repo}/dist/main.js "$@"\n`)
  await lab.run(['chmod', '755', '/run/lab/tsresolved'])
  const environment = ['DAEMON=/run/lab/tsresolved', 'PIDFILE=/run/lab/daemon.pid', 'LOG=/run/lab/daemon.log']
  const shell = ['python3', '-c', reaper, 'sh', '-euxc', sysvinit, `${config}/init.d/tsresolved`]
  const text = await lab.run(['env', ...environment, ...shell])
  expect(text.match(/is ready/g)).toHaveLength(2)
})

/** `$1` is the folder with the unpacked package, `$2` our script; what OpenRC makes at boot is made here. */
const openrc = `
for folder in lib sbin bin; do mount -t overlay overlay -o "lowerdir=$1/$folder:/usr/$folder" "/usr/$folder"; done
cp -r "$1/etc/." /etc
rm -f /etc/init.d/*
printf '#!/sbin/openrc-run\nstart() { :; }\n' >/etc/init.d/localmount
install -m 755 "$2" /etc/init.d/tsresolved
chmod 755 /etc/init.d/localmount
touch /etc/insserv.conf
mkdir -p /etc/conf.d
echo 'command=/run/lab/tsresolved output_log=/run/lab/daemon.log error_log=/run/lab/daemon.log' >/etc/conf.d/tsresolved
for folder in exclusive starting started stopping inactive wasinactive failed hotplugged daemons options scheduled tmp; do
  mkdir -p "/run/openrc/$folder"
done
touch /run/openrc/softlevel
answers() { until dig +short +tries=1 +time=1 @127.0.0.53 www.test | grep -qx 192.0.2.1; do :; done; }
ready() { until [ "$(grep -c 'is ready' /run/lab/daemon.log)" -ge "$1" ]; do :; done; } # it answers before all of it is there
pid() { pidof tsresolved; }
rc-update add tsresolved boot
! rc-service tsresolved status
rc-service tsresolved start
answers
ready 1
rc-service tsresolved status
first=$(pid)
rc-service tsresolved reload
until grep -q 'Flushed all caches' /run/lab/daemon.log; do :; done
[ "$(pid)" = "$first" ]
rc-service tsresolved restart
answers
ready 2
second=$(pid)
[ "$second" != "$first" ]
kill -KILL "$second"
until [ -n "$(pid)" ] && [ "$(pid)" != "$second" ]; do :; done
answers
ready 3
rc-service tsresolved stop
! rc-service tsresolved status
! pid
cat /run/lab/daemon.log`

test.skipIf(original || !canChangeUser)(
  'without systemd: OpenRC starts, reloads, restarts and stops it, and starts it after a crash',
  async () => {
    const lan = { zone: { 'www.test': 'A 192.0.2.1' }, dns: [] }
    await using lab = await Lab.open({ links: { lan }, config: 'DNS=10.53.1.1', start: false, bus: false })
    await lab.write('/run/lab/tsresolved', `#!/bin/sh\nexec ${inside.node} ${inside.repo}/dist/main.js "$@"\n`)
    await lab.run(['chmod', '755', '/run/lab/tsresolved'])
    const words = [await debianExtra('openrc'), `${config}/openrc/tsresolved`]
    const text = await lab.run(['unshare', '--mount', 'python3', '-c', reaper, 'sh', '-euxc', openrc, 'sh', ...words])
    expect(text.match(/is ready/g)).toHaveLength(3)
  },
)

test.skipIf(original || !canChangeUser)(
  'the bus lets systemd-resolve have the name, nobody else, and all call it',
  async () => {
    await using lab = await Lab.open({ start: false, bus: false })
    await lab.write('/run/lab/bus.conf', systemBus)
    const bus = ['dbus-daemon', '--config-file=/run/lab/bus.conf', '--nofork', '--nopidfile', '--print-address']
    await lab.world.start('bus', bus, { until: /^unix:/ })
    const main = `${inside.repo}/dist/main.js`
    const said = () => lab.world.log.join('\n')

    const root = await lab.world.start('daemon as root', [inside.node, main, '--user', 'root'])
    await eventually(() => expect(said()).toMatch(/daemon as root.*(?:AccessDenied|not allowed to own)/))
    await root.stop()

    await lab.world.start('daemon', [inside.node, main])
    await eventually(() => expect(said()).toContain('Serving org.freedesktop.resolve1'))
    const asNobody = ['setpriv', '--reuid', '65534', '--clear-groups']
    const call = ['busctl', 'call', 'org.freedesktop.resolve1', '/org/freedesktop/resolve1']
    const resolve = [...call, 'org.freedesktop.resolve1.Manager', 'ResolveHostname', 'isit', '0', 'localhost', '2', '0']
    expect(await lab.run([...asNobody, ...resolve])).toContain('127 0 0 1')
  },
)

test.skipIf(original)('R-SEC-4: *.negative files take the place of the usual list, as in the original', async () => {
  const anchors = async (daemon: 'ours' | 'original', files: Readonly<Record<string, string>>) => {
    await using lab = await Lab.open({ daemon, start: false })
    for (const [path, text] of Object.entries(files)) await lab.write(path, text)
    await lab.daemon.start()
    return await eventually(() => lab.run(['resolvectl', '--no-pager', 'nta']))
  }
  const files = {
    '/etc/dnssec-trust-anchors.d/a.negative': '; ours\ncorp.example\n\none.test ; no\na..b\n lab.test \n',
    '/run/dnssec-trust-anchors.d/b.negative': 'last.test\n',
    '/run/dnssec-trust-anchors.d/a.negative': 'masked.test\n',
  }
  const remarks = { '/etc/dnssec-trust-anchors.d/a.negative': '; nothing\n' }
  expect(await anchors('ours', files)).toBe('Global: corp.example lab.test last.test\n')
  expect(await anchors('original', files)).toBe('Global: corp.example lab.test last.test\n')
  expect(await anchors('ours', remarks)).toBe(await anchors('ours', {}))
  expect(await anchors('original', remarks)).toBe(await anchors('original', {}))
})

test.skipIf(original)(
  'R-CONF-6: doctor shows every line that could not be used, and none of them once it is right',
  async () => {
    await using lab = await Lab.open({ start: false, hosts: 'bad#line\n192.0.2.300 a.test' })
    await lab.write('/etc/systemd/resolved.conf', '[Resolve]\nDNS=192.0.2.1 nonsense\nUnknown=1\n')
    await lab.daemon.start()
    const shown = async () => {
      const { stdout } = await lab.tryRun([inside.node, `${inside.repo}/dist/cli/main.js`, 'doctor', '--json=short'])
      const findings = JSON.parse(stdout) as { check: string; what: string }[]
      return findings.filter(({ check }) => check === 'configuration').map(({ what }) => what)
    }
    expect(await shown()).toEqual([
      expect.stringMatching(/^\/etc\/systemd\/resolved\.conf:2: DNS=: 'nonsense'/),
      expect.stringMatching(/^\/etc\/systemd\/resolved\.conf:3: Unknown=: /),
      "/etc/hosts:3: '192.0.2.300' is not an address, ignoring the line.",
    ])
    await lab.write('/etc/systemd/resolved.conf', '[Resolve]\nDNS=192.0.2.1\n')
    await lab.write('/etc/hosts', '127.0.0.1 localhost\n192.0.2.30 a.test\n')
    await lab.daemon.signal('SIGHUP')
    await eventually(async () => expect(await shown()).toEqual([]))
  },
)

/** What dbus-daemon's own system.conf allows, and our file. */
const systemBus = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
  </policy>
  <include>${config}/org.freedesktop.resolve1.conf</include>
</busconfig>
`
