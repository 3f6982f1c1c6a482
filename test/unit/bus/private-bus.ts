import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A dbus-daemon of our own on a socket in a temporary folder, where anybody may own and call anything. */
export class PrivateBus implements AsyncDisposable {
  readonly #folder: string
  #daemon: ChildProcess | undefined

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** The bus is not running yet. */
  static async prepare(): Promise<PrivateBus> {
    const bus = new PrivateBus(await mkdtemp(join(tmpdir(), 'bus-')))
    await writeFile(join(bus.#folder, 'bus.conf'), configuration(bus.path))
    return bus
  }

  get path(): string {
    return join(this.#folder, 'socket')
  }

  get address(): string {
    return `unix:path=${this.path}`
  }

  /** Returns when it listens. */
  async start(): Promise<void> {
    const options = [`--config-file=${join(this.#folder, 'bus.conf')}`, '--nofork', '--nopidfile', '--print-address']
    const daemon = spawn('dbus-daemon', options, { stdio: ['ignore', 'pipe', 'ignore'] })
    this.#daemon = daemon
    await new Promise((resolve, reject) => {
      daemon.once('error', reject)
      daemon.once('exit', (code) => reject(new Error(`dbus-daemon ended with ${code}`)))
      daemon.stdout.once('data', resolve)
    })
  }

  /** As a crash would: the socket file stays behind. */
  async kill(): Promise<void> {
    const daemon = this.#daemon
    this.#daemon = undefined
    if (daemon === undefined) return
    const ended = new Promise((resolve) => daemon.once('exit', resolve))
    daemon.kill('SIGKILL')
    await ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

function configuration(path: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
  <limit name="max_message_size">134217728</limit>
  <limit name="max_incoming_bytes">134217728</limit>
  <limit name="max_outgoing_bytes">134217728</limit>
  <limit name="max_connections_per_user">2000</limit>
  <limit name="max_completed_connections">2000</limit>
  <limit name="max_replies_per_connection">50000</limit>
</busconfig>
`
}
