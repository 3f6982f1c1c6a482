import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const ROOT = join(import.meta.dirname, '../..')
export const CACHE = join(ROOT, '.cache/trees')

/** Where this machine gets its own packages from. @throws {Error} where apt does not say */
function mirror(): string {
  const text = execFileSync('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'], {
    encoding: 'utf8',
  })
  const uri = text.split('\n').find((line) => /\/debian\/?$/.test(line))
  if (uri === undefined) throw new Error('apt knows no mirror of Debian: see apt-get indextargets')
  return uri
}
const PACKAGES =
  'systemd,systemd-sysv,dbus,apt-utils,iproute2,bind9-dnsutils,dnsmasq-base,procps,debconf,init-system-helpers,python3-minimal'

export interface Finished {
  readonly code: number
  readonly output: string
}

/** A Debian that boots, made once. */
export function debianTree(suite: string): string {
  const ready = join(CACHE, suite)
  if (existsSync(ready)) return ready
  mkdirSync(CACHE, { recursive: true })
  const work = mkdtempSync(join(CACHE, 'making-'))
  execFileSync('mmdebstrap', ['--variant=minbase', `--include=${PACKAGES}`, suite, work, mirror()], { stdio: 'ignore' })
  renameSync(work, ready)
  return ready
}

/** Packages of that Debian, downloaded and not installed. */
export function downloaded(suite: string, names: readonly string[]): string {
  const ready = join(CACHE, `${suite}-packages`)
  if (existsSync(ready)) return ready
  mkdirSync(CACHE, { recursive: true })
  const tree = mkdtempSync(join(CACHE, 'download-'))
  execFileSync('cp', ['-a', `${debianTree(suite)}/.`, tree])
  execFileSync('cp', ['/etc/resolv.conf', join(tree, 'etc/resolv.conf')])
  const fetch = `apt-get update -qq && mkdir /fetched && cd /fetched && apt-get download -qq ${names.join(' ')}`
  execFileSync('chroot', [tree, 'sh', '-c', fetch], { stdio: 'ignore' })
  renameSync(join(tree, 'fetched'), ready)
  rmSync(tree, { recursive: true })
  return ready
}

/** A machine with its own systemd, in namespaces that go with it; the tree it was made of does not change. */
export class Machine implements AsyncDisposable {
  readonly #process: ChildProcess
  readonly #work: string
  #console = ''

  private constructor(suite: string, shared: string) {
    this.#work = mkdtempSync(join(tmpdir(), 'tsresolved-machine-'))
    const boot = join(import.meta.dirname, 'boot.sh')
    this.#process = spawn(boot, [debianTree(suite), this.#work, shared], { stdio: ['ignore', 'pipe', 'pipe'] })
    const keep = (bytes: Buffer) => (this.#console = (this.#console + bytes.toString()).slice(-20_000))
    this.#process.stdout?.on('data', keep)
    this.#process.stderr?.on('data', keep)
  }

  /** Returns when it has booted, with a link `lan` and a server at its other end, of which only /etc/resolv.conf knows. */
  static async boot(suite: string, shared: string): Promise<Machine> {
    const machine = new Machine(suite, shared)
    try {
      await machine.until(() => existsSync(join(machine.#work, 'pid')))
      await machine.until(async () =>
        /^(?:running|degraded)/.test((await machine.try('systemctl is-system-running')).output),
      )
      await machine.run(NETWORK)
      await machine.until(async () => (await machine.try('getent ahostsv4 www.test')).code === 0)
      return machine
    } catch (cause) {
      await machine[Symbol.asyncDispose]()
      throw new Error(`The machine does not boot:\n${machine.#console}`, { cause })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = new Promise((resolve) => this.#process.once('exit', resolve))
      this.#process.kill('SIGKILL')
      await ended
    }
    rmSync(this.#work, { recursive: true, force: true })
    await this.#removeControlGroup()
  }

  /** The kernel keeps it, and those that its systemd made in it; busy until the last of its processes is gone. */
  async #removeControlGroup(): Promise<void> {
    const name = `tsresolved-package-${this.#process.pid}`
    const group = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].map((root) => join(root, name)).find(existsSync)
    if (group === undefined) return
    const argv = [group, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', '+']
    for (let tries = 0; tries < 50; tries++) {
      if (spawnSync('find', argv, { stdio: 'ignore' }).status === 0) return
      await pause(100)
    }
  }

  /** A shell command; `output` is all that it printed. */
  try(command: string): Promise<Finished> {
    const environment = [
      'DEBIAN_FRONTEND=noninteractive',
      'LC_ALL=C.UTF-8',
      'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
      'HOME=/root',
    ]
    const pid = readFileSync(join(this.#work, 'pid'), 'utf8').trim()
    const argv = ['-t', pid, '-a', 'env', '-i', ...environment, 'sh', '-c', `exec 2>&1; ${command}`]
    return new Promise((resolve) => {
      const child = execFile(
        'nice',
        ['-n', '-15', 'nsenter', ...argv],
        { maxBuffer: 2 ** 26, timeout: 120_000 },
        (error, output) => {
          resolve({ code: error === null ? 0 : (child.exitCode ?? 255), output })
        },
      )
    })
  }

  /** What it printed. @throws when it fails */
  async run(command: string): Promise<string> {
    const { code, output } = await this.try(command)
    if (code !== 0) throw new Error(`${command}: exit ${code}\n${output}`)
    return output.trim()
  }

  /** Whether programs that use the C library, and those that read /etc/resolv.conf, find names. */
  async resolves(): Promise<boolean> {
    const library = await this.try('getent ahostsv4 www.test')
    const file = await this.try('dig +short +time=2 +tries=1 www.test')
    const answers = file.output.split('\n').filter((line) => line !== '' && !line.startsWith(';')) // of the last server asked
    return library.output.startsWith('192.0.2.1') && answers.join() === '192.0.2.1'
  }

  /** What lies on its disk: kind, mode, owner, link, and contents where they are settings. */
  snapshot(): Promise<string> {
    return this.run(
      `find /etc /usr /var /lib /bin /sbin -xdev ${IGNORED.map((path) => `-path ${path} -prune -o`).join(' ')} ` +
        `-printf '%p %y %m %u %l\\n' | sort; md5sum /etc/resolv.conf /etc/nsswitch.conf; find /etc/systemd /etc/dbus-1 -type f | sort | xargs md5sum`,
    )
  }

  async until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + 60_000
    while (!(await isSo())) {
      if (performance.now() > end) throw new Error(`It did not come about.\n${this.#console}`)
      await pause(100)
    }
  }
}

/** What every installation of any package changes; and the user, who stays by policy. */
const IGNORED = [
  '/var/cache',
  '/var/log',
  '/var/lib/dpkg',
  '/var/lib/apt',
  '/var/lib/systemd/timers',
  '/etc/ld.so.cache',
  "'/etc/passwd*'",
  "'/etc/group*'",
  "'/etc/shadow*'",
  "'/etc/gshadow*'",
  '/etc/.pwd.lock',
  '/etc/machine-id',
  '/var/lib/dbus',
  '/var/lib/systemd/deb-systemd-helper-enabled',
  '/var/tmp',
  "'/usr/share/python3*'",
  '/var/lib/systemd/random-seed',
]

const NETWORK = `set -e
ip netns add upstream
ip link add lan type veth peer name lan0 netns upstream
ip addr add 10.53.1.100/24 dev lan
ip link set lan up
ip -n upstream addr add 10.53.1.1/24 dev lan0
ip -n upstream addr add 10.53.1.2/24 dev lan0
ip -n upstream link set lan0 up
ip -n upstream link set lo up
serve() { systemd-run -q ip netns exec upstream dnsmasq -k -C /dev/null --no-resolv --no-hosts --bind-interfaces --pid-file= "$@"; }
serve --listen-address=10.53.1.1 --address=/www.test/192.0.2.1 --address=/load.test/192.0.2.2
serve --listen-address=10.53.1.2 --address=/intranet.corp.test/198.51.100.30
printf 'nameserver 10.53.1.1\\nsearch home.test\\n' >/etc/resolv.conf`
