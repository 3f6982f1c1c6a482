import type { Program } from './program.ts'
import type { World } from './world.ts'

/** A private system bus that lets anybody own and call anything: what is allowed is the daemon's to decide. */
export class Bus {
  readonly #world: World
  #program: Program | undefined

  constructor(world: World) {
    this.#world = world
  }

  /** The socket appears in one step, usable by all, as systemd lets it appear. `policies` are elements of a bus configuration. */
  async start(policies = allowAll): Promise<void> {
    await this.#world.write('/run/lab/bus.conf', configuration(policies))
    const argv = ['dbus-daemon', '--config-file=/run/lab/bus.conf', '--nofork', '--nopidfile', '--print-address']
    this.#program = await this.#world.start('bus', argv, { until: /^unix:/ })
    await this.#world.run(['mv', '/run/lab/bus', '/run/dbus/system_bus_socket'])
  }

  async stop(): Promise<void> {
    await this.#program?.stop()
  }
}

const allowAll = `<policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>`

/** What a system bus allows before any service's own file is read. */
export const STOCK_POLICY = `<policy context="default">
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
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>`

function configuration(policies: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/lab/bus</listen>
  <auth>EXTERNAL</auth>
  ${policies}
</busconfig>
`
}
