import { BusConnection } from '../../../src/dbus/connection.ts'
import { CODEC } from '../../../src/dbus/index.ts'

/** Registers a service over the bus and stays, as it goes with its program; tells signals of services as they come. */
async function main(): Promise<void> {
  const [id = '', name = '', type = '', port = '0'] = process.argv.slice(1)
  const { signal } = new AbortController()
  const receiver = {
    onCall: () => undefined,
    onSignal: ({ path, member }: { readonly path: string; readonly member: string }) =>
      console.log(`${member} ${path}`),
  }
  const connection = await BusConnection.open(
    '/run/dbus/system_bus_socket',
    process.getuid?.() ?? 0,
    CODEC,
    receiver,
    signal,
  )
  await connection.callBus('AddMatch', ["type='signal',interface='org.freedesktop.resolve1.DnssdService'"], signal)
  const target = { destination: 'org.freedesktop.resolve1', path: '/org/freedesktop/resolve1' }
  const member = {
    interface: 'org.freedesktop.resolve1.Manager',
    member: 'RegisterService',
    signature: 'sssqqqaa{say}',
  }
  const txt = [{ path: Buffer.from('/') }]
  const [path] = await connection.call({ ...target, ...member, body: [id, name, type, Number(port), 0, 0, txt] })
  console.log(`registered ${String(path)}`)
}

void main()
