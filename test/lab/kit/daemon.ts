import type { Program } from './program.ts'
import { eventually } from './eventually.ts'
import { inside, originalUser, testUser, type World } from './world.ts'

/** Ours, or the original that we replace: for comparison, and to prove the kit itself. */
export type DaemonKind = 'ours' | 'original'

export const daemonKind: DaemonKind = process.env['TSRESOLVED_LAB_DAEMON'] === 'real' ? 'original' : 'ours'

const capabilities = ['net_bind_service', 'net_raw']
const notifySocket = '/run/lab/notify'

/** The daemon under test, started as a service manager starts it. */
export class Daemon {
  #kind: DaemonKind
  readonly #world: World
  /** What it told the service manager, such as `READY=1`. */
  readonly notices: string[] = []
  #program: Program | undefined
  #isWatching = false
  /** `NAME=value` for ours, besides what it always gets. */
  readonly environment: string[] = []
  /** What ours is started by, such as `withPriority(…)`. */
  launcher: readonly string[] = []

  constructor(world: World, kind: DaemonKind) {
    this.#world = world
    this.#kind = kind
  }

  get kind(): DaemonKind {
    return this.#kind
  }

  get program(): Program {
    if (this.#program === undefined) throw new Error('the daemon is not running')
    return this.#program
  }

  /** Returns when it says READY=1. */
  async start(...options: readonly string[]): Promise<void> {
    await this.#watchNotices()
    const argv = this.kind === 'ours' ? await this.#ours(options) : this.#original()
    const program = await this.#world.start('daemon', argv)
    this.#program = program
    let end: number | undefined
    void program.exited.then((code) => (end = code))
    await eventually(
      () => {
        if (!this.notices.includes('READY=1') && end === undefined) throw new Error('the daemon did not say READY=1')
      },
      { within: 60_000 },
    )
    if (end !== undefined) throw new Error(`the daemon ended with ${end} before it was ready`)
  }

  /** Ends it in an orderly way; gives its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number> {
    const { program } = this
    this.#program = undefined
    return program.stop(signal)
  }

  /** Ends it (`SIGKILL`: as a crash would) and starts it again. */
  async restart(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.stop(signal)
    await this.start()
  }

  /** The other daemon takes the place of this one. On a real machine both run as one user, here they do not. */
  async replaceBy(kind: DaemonKind, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.stop(signal)
    this.#kind = kind
    const { uid } = kind === 'ours' ? testUser : originalUser
    await this.#world.run(['chown', '-R', `${uid}:${uid}`, '/run/systemd/resolve'])
    await this.start()
  }

  signal(name: NodeJS.Signals): Promise<void> {
    return this.program.signal(name)
  }

  /** A field of /proc/PID/status, such as `CapEff` or `Uid`. */
  async status(field: string): Promise<string> {
    const text = await this.#world.run(['cat', `/proc/${this.program.pid}/status`])
    return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(text)?.[1] ?? ''
  }

  async #ours(options: readonly string[]): Promise<string[]> {
    const owner = this.#world.isRoot ? testUser.uid : 0 // a user namespace of an ordinary user has this one account
    await this.#world.run([
      'install',
      '-d',
      '-m',
      '755',
      '-o',
      String(owner),
      '-g',
      String(owner),
      '/run/systemd/resolve',
    ])
    const only = ['-all', ...capabilities.map((name) => `+${name}`)].join(',')
    const user = this.#world.isRoot ? ['--reuid', String(owner), '--regid', String(owner), '--clear-groups'] : []
    const limits = ['--inh-caps', only, '--ambient-caps', only, '--bounding-set', only, '--no-new-privs']
    // As in config/tsresolved.service.
    const node = 'NODE_OPTIONS=--max-semi-space-size=4 --use-openssl-ca'
    const environment = ['env', `NOTIFY_SOCKET=${notifySocket}`, node, ...this.environment]
    return [
      ...this.launcher,
      ...environment,
      'setpriv',
      ...user,
      ...limits,
      inside.node,
      `${inside.repo}/dist/main.js`,
      ...options,
    ]
  }

  #original(): string[] {
    const environment = [`NOTIFY_SOCKET=${notifySocket}`, 'SYSTEMD_LOG_LEVEL=debug', 'SYSTEMD_LOG_TARGET=console']
    return ['env', ...environment, `${inside.debian}/daemons/systemd-resolved`]
  }

  async #watchNotices(): Promise<void> {
    this.notices.length = 0
    if (this.#isWatching) return
    this.#isWatching = true
    const onLine = (line: string) => void this.notices.push(line)
    await this.#world.start('notify', ['python3', '-uc', listenForNotices], { onLine, until: /^listening$/ })
  }
}

/** Node has no datagram sockets of the Unix kind. One line per assignment. */
const listenForNotices = `
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind('${notifySocket}')
os.chmod('${notifySocket}', 0o666)
print('listening')
while True: print(s.recv(65536).decode())
`
