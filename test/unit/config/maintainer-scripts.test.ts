import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

/** The package's scripts on a tree of their own ($DPKG_ROOT); `npm run package-test` runs them on booted machines. */
const FUNCTIONS = join(import.meta.dirname, '../../../config/debian/functions.sh')
const STUB = '../run/systemd/resolve/stub-resolv.conf'
const PLAIN = 'nameserver 192.0.2.1\nsearch home.example # ours\n'
const BY_OTHER =
  '# This is /run/systemd/resolve/resolv.conf managed by man:systemd-resolved(8).\nnameserver 192.0.2.7\n'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tsresolved-root-'))
  for (const folder of ['etc', 'run/systemd/resolve', 'var/lib']) mkdirSync(join(root, folder), { recursive: true })
})
afterEach(() => rmSync(root, { recursive: true }))

const at = (path: string) => join(root, path)
const write = (path: string, text: string) => writeFileSync(at(path), text)
const read = (path: string) => readFileSync(at(path), 'utf8')
function run(...functions: readonly string[]): void {
  const script = ['set -e', '. "$0"', ...functions].join('\n')
  execFileSync('sh', ['-c', script, FUNCTIONS], { env: { ...process.env, DPKG_ROOT: root }, stdio: 'pipe' })
}
const install = () => run('save_former', 'take_resolv_conf', 'take_hosts', 'rm -f "$state/pending"')
const remove = () => run('give_back_hosts', 'give_back_resolv_conf')

describe('/etc/resolv.conf', () => {
  test('a file comes back word for word; its servers are carried over meanwhile', () => {
    write('etc/resolv.conf', PLAIN)
    install()
    expect(readlinkSync(at('etc/resolv.conf'))).toBe(STUB)
    expect(read('etc/resolv.conf')).toBe(PLAIN) // names resolve until the daemon runs
    expect(read('etc/tsresolved.conf.d/90-former-resolv-conf.conf')).toContain(
      'FallbackDNS=192.0.2.1\nDomains=home.example',
    )
    remove()
    expect(() => readlinkSync(at('etc/resolv.conf'))).toThrow('EINVAL')
    expect(read('etc/resolv.conf')).toBe(PLAIN)
  })

  test('none before, none afterwards', () => {
    install()
    remove()
    expect(existsSync(at('etc/resolv.conf'))).toBe(false)
  })

  test('a link of another program comes back', () => {
    mkdirSync(at('run/other'))
    write('run/other/resolv.conf', PLAIN)
    symlinkSync('../run/other/resolv.conf', at('etc/resolv.conf'))
    install()
    remove()
    expect(readlinkSync(at('etc/resolv.conf'))).toBe('../run/other/resolv.conf')
  })

  test.each([
    ['the link of systemd-resolved', () => symlinkSync(STUB, at('etc/resolv.conf'))],
    ['the copy that its removal left', () => write('etc/resolv.conf', BY_OTHER)],
  ])('%s: afterwards the servers of the uplinks as they are then', (_former, before) => {
    before()
    install()
    expect(existsSync(at('etc/tsresolved.conf.d'))).toBe(false)
    write('run/systemd/resolve/resolv.conf', 'nameserver 192.0.2.9\n')
    remove()
    expect(read('etc/resolv.conf')).toBe('nameserver 192.0.2.9\n')
  })

  test('without any known server, what systemd-resolved had found', () => {
    symlinkSync(STUB, at('etc/resolv.conf'))
    write('etc/.resolv.conf.systemd-resolved.bak', PLAIN)
    install()
    remove()
    expect(read('etc/resolv.conf')).toBe(PLAIN)
    expect(existsSync(at('etc/.resolv.conf.systemd-resolved.bak'))).toBe(false)
  })

  test('a file that somebody has put in the place of the link stays', () => {
    write('etc/resolv.conf', PLAIN)
    install()
    rmSync(at('etc/resolv.conf'))
    write('etc/resolv.conf', 'nameserver 192.0.2.3 # tsresolved is not asked\n')
    remove()
    expect(read('etc/resolv.conf')).toBe('nameserver 192.0.2.3 # tsresolved is not asked\n')
  })

  test('the detour: one link while the other one is removed, then a file that leads to it and to the uplinks', () => {
    write('run/systemd/resolve/stub-resolv.conf', 'nameserver 127.0.0.53\n')
    write('run/systemd/resolve/resolv.conf', BY_OTHER)
    symlinkSync('../run/systemd/resolve/../resolve/stub-resolv.conf', at('etc/resolv.conf'))
    run('leads_to_stub')
    run('end_detour')
    expect(read('etc/resolv.conf')).toBe('nameserver 127.0.0.53\nnameserver 192.0.2.7\n')
    expect(() => run('end_detour')).toThrow('Command failed')
  })
})

describe('the line hosts:', () => {
  test.each([
    ['hosts: files dns', 'hosts: files resolve [!UNAVAIL=return] dns'],
    [
      'hosts:\tfiles mdns4_minimal [NOTFOUND=return] dns myhostname',
      'hosts:\tfiles mdns4_minimal [NOTFOUND=return] resolve [!UNAVAIL=return] dns myhostname',
    ],
    ['hosts: files resolve dns', 'hosts: files resolve dns'],
    ['hosts: files', 'hosts: files'],
  ])('%s', (before, expected) => {
    const text = (line: string) => `passwd: files\n${line}\nnetworks: files\n`
    write('etc/nsswitch.conf', text(before))
    install()
    expect(read('etc/nsswitch.conf')).toBe(text(expected))
    remove()
    const left = before === 'hosts: files resolve dns' ? 'hosts: files dns' : before // the module goes
    expect(read('etc/nsswitch.conf')).toBe(text(left))
  })

  test('changed since: only what belongs to the module goes', () => {
    write('etc/nsswitch.conf', 'hosts: files dns\n')
    install()
    write('etc/nsswitch.conf', 'hosts: files resolve [!UNAVAIL=return] dns wins\n')
    remove()
    expect(read('etc/nsswitch.conf')).toBe('hosts: files dns wins\n')
  })

  test('no such file', () => {
    install()
    remove()
    expect(existsSync(at('etc/nsswitch.conf'))).toBe(false)
  })
})

describe('how systemd waits for a reload', () => {
  const DROPIN = 'usr/lib/systemd/system/tsresolved.service.d/notify-reload.conf'

  const choose = (version: string) => run(`systemd_version() { echo '${version}'; }`, 'choose_type')

  test.each(['253', '257.13-1~deb13u1'])('%s knows notify-reload', (version) => {
    choose(version)
    expect(readlinkSync(at(DROPIN))).toBe('../../../tsresolved/notify-reload.conf')
    run('forget_type')
    expect(existsSync(at(join(DROPIN, '..')))).toBe(false)
  })

  test.each(['252.39-1~deb12u2', ''])("'%s' does not", (version) => {
    choose('257')
    choose(version)
    expect(existsSync(at(join(DROPIN, '..')))).toBe(false)
  })
})
