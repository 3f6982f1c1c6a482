import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { debianPrograms } from './debian.ts'
import { inside } from './places.ts'
import { Program, type StartOptions } from './program.ts'

export { inside }

/** An unprivileged account that exists only inside a world with several users. */
export const testUser = { name: 'tsresolved-test', uid: 64053 }
/** The one of the machine, where there is one (as wherever systemd-resolved was installed once): its uid is that everywhere. */
export const originalUser = { name: 'systemd-resolve', uid: uidOnMachine('systemd-resolve') ?? 64054 }

export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string
  /** Seconds until the command is killed, if it hangs; its exit code is then 124. */
  readonly patience?: number
  /** Run in the network namespace of this process instead of the host's. */
  readonly network?: Program
}

/**
 * A private machine: own network, mounts, process numbers and host name, with private /run, /etc, /tmp and /sys.
 * It lives in unnamed namespaces held by one `cat` that reads our pipe. When that pipe closes, because the test closed
 * it or because the test process died in any way, `cat` ends, the kernel kills every process inside, and nothing is left.
 */
export class World implements AsyncDisposable {
  /** Everything the programs inside printed, newest last; shown when a test fails. */
  readonly log: string[] = []
  readonly isRoot = process.getuid?.() === 0
  readonly #holder: ChildProcess
  #pid = 0

  private constructor(holder: ChildProcess) {
    this.#holder = holder
  }

  /** `debian: false` for a world that needs none of the unpacked Debian programs. */
  static async open(hostname: string, { debian = true } = {}): Promise<World> {
    const asRoot = process.getuid?.() === 0
    const kinds = ['--net', '--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child']
    const places = { REPO: repository(), NODE: process.execPath, DEBIAN: debian ? await debianPrograms() : '' }
    const env = { ...process.env, ...places, HOST: hostname }
    const argv = [...(asRoot ? [] : ['--map-root-user']), ...kinds, 'sh', '-c', `${passwd(asRoot)}\n${setup}`]
    const world = new World(spawn('unshare', argv, { env, stdio: ['pipe', 'pipe', 'pipe'] }))
    try {
      world.#pid = await firstNumber(world.#holder)
      return world
    } catch (cause) {
      await world[Symbol.asyncDispose]()
      const who = asRoot ? 'root, but without the right' : 'not root, and no unprivileged user namespaces here'
      throw new Error(`cannot build a private machine (${who}?)`, { cause })
    }
  }

  /** The process that holds the namespaces, as numbered outside. */
  get holder(): number {
    return this.#pid
  }

  /** Runs a command to its end, whatever its exit code. It never outlives its patience. */
  async tryRun(argv: readonly string[], options: RunOptions = {}): Promise<Finished> {
    const child = this.#spawn(['timeout', '-k', '1', String(options.patience ?? 60), ...argv], options.network)
    let [stdout, stderr] = ['', '']
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.stdin?.on('error', () => {}) // a command that does not read its input is no failure
    child.stdin?.end(options.input ?? '')
    const code = await exitCode(child)
    const command = `$ ${argv.join(' ')}${options.input === undefined ? '' : ` <<< ${options.input.slice(0, 500)}`}`
    this.note(command + (code === 0 ? '' : ` → exit ${code}: ${stderr.trim()}`))
    return { code, stdout, stderr }
  }

  /** Like `tryRun`, for commands that must succeed; gives what they printed. */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.tryRun(argv, options)
    if (code !== 0) throw new Error(`${argv.join(' ')}: exit ${code}: ${stderr || stdout}`)
    return stdout
  }

  /** `ip` commands, all in one go. */
  async ip(commands: string | readonly string[], network?: Program): Promise<void> {
    const input = typeof commands === 'string' ? commands : commands.join('\n')
    await this.run(['ip', '-batch', '-'], network === undefined ? { input } : { input, network })
  }

  /** Starts a program that keeps running; returns when it runs, or when it has said what `until` waits for. */
  async start(name: string, argv: readonly string[], options: StartOptions = {}): Promise<Program> {
    const child = this.#spawn(['sh', '-c', 'echo $$; exec "$@"', 'sh', ...argv], options.network)
    return Program.started(this, name, child, options)
  }

  /** Replaces a file in one step, as a careful administrator or daemon does. */
  async write(path: string, text: string): Promise<void> {
    await this.run(['sh', '-c', 'mkdir -p "${1%/*}"; cat >"$1.new"; mv "$1.new" "$1"', 'sh', path], { input: text })
  }

  note(line: string): void {
    this.log.push(`${(performance.now() / 1000).toFixed(3)} ${line}`)
    if (this.log.length > 5000) this.log.splice(0, 1000)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#holder.stdin?.end()
    await exitCode(this.#holder)
  }

  #spawn(argv: readonly string[], network?: Program): ChildProcess {
    const user = this.isRoot ? [] : ['--user', '--preserve-credentials']
    const other = network === undefined ? [] : ['nsenter', '-t', String(network.pid), '--net']
    const enter = [...user, '-t', String(this.#pid), '--mount', '--net', '--uts', '--ipc', '--pid', '--wd=/']
    const env = [
      `PATH=${inside.debian}/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      `LD_LIBRARY_PATH=${inside.debian}/shared`,
      'DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket',
      'LC_ALL=C.UTF-8',
    ]
    return spawn('nsenter', [...enter, 'env', '-i', ...env, ...other, ...argv])
  }
}

export async function exitCode(child: ChildProcess): Promise<number> {
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise((resolve) => child.once('error', resolve).once('close', resolve))
  }
  return child.exitCode ?? (child.signalCode === null ? 127 : 128 + constants.signals[child.signalCode])
}

function firstNumber(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let complaint = ''
    child.stderr?.on('data', (bytes: Buffer) => (complaint += bytes.toString()))
    child.stdout?.once('data', (bytes: Buffer) => resolve(Number.parseInt(bytes.toString(), 10)))
    child.once('error', reject)
    child.once('close', () => reject(new Error(complaint.trim())))
  })
}

function repository(): string {
  return fileURLToPath(new URL('../../..', import.meta.url))
}

function uidOnMachine(name: string): number | undefined {
  const line = readFileSync('/etc/passwd', 'utf8').match(new RegExp(`^${name}:[^:]*:(\\d+):`, 'm'))
  return line === null ? undefined : Number(line[1])
}

/** Accounts to add, in place of others of these names. An ordinary user's namespace has no account but 0. */
function passwd(asRoot: boolean): string {
  const users = [testUser, originalUser]
  const lines = users.map(({ name, uid }) => `${name}:x:${asRoot ? uid : 0}:${asRoot ? uid : 0}::/:/usr/sbin/nologin`)
  const others = users.map(({ name }) => `/^${name}:/d`)
  return `USERS='${lines.join('\n')}'\nOTHERS='${others.join(';')}'`
}

/**
 * Runs as the first process inside. What the world needs of the outside (clone, Node, Debian's programs, maybe below
 * a home or temporary folder that others cannot read) is bound below /run/lab before anything is covered.
 * The first line read from /proc still shows our number outside: /proc is only then replaced.
 */
const setup = `
set -e
read -r outside _ </proc/self/stat
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lab/repo /run/lab/debian /run/lab/etc /run/dbus /run/systemd
touch /run/lab/node
mount --rbind "$REPO" /run/lab/repo
mount --bind "$NODE" /run/lab/node
[ -z "$DEBIAN" ] || mount --bind "$DEBIAN" /run/lab/debian
cp -a /etc/. /run/lab/etc 2>/dev/null || true
mount --bind /run/lab/etc /etc
mount -t tmpfs -o mode=1777 tmpfs /tmp
rm -rf /etc/resolv.conf /etc/nsswitch.conf /etc/hosts /etc/systemd/resolved.conf* /etc/tsresolved.conf*
mkdir -p /etc/systemd
ln -s /run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
printf 'passwd: files\\ngroup: files\\nhosts: dns\\n' >/etc/nsswitch.conf
sed -i "$OTHERS" /etc/passwd
echo "$USERS" >>/etc/passwd
printf '127.0.0.1 localhost\\n::1 localhost\\n' >/etc/hosts
echo "$HOST" >/etc/hostname
hostname "$HOST"
for each in all default; do
  echo 0 >/proc/sys/net/ipv6/conf/$each/accept_dad # addresses are usable at once
  echo 2 >/proc/sys/net/ipv4/conf/$each/rp_filter  # as systemd sets it; not inherited from outside
done
ip link set lo up
echo "$outside"
exec cat >/dev/null
`
