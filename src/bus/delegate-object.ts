import type { Control, DelegateStatus } from '../control/index.ts'
import { DELEGATE, type MANAGER } from '../dbus/index.ts'
import { BusError, ERROR } from './errors.ts'
import { type BusInterface, implement, type MethodHandlers } from './interface.ts'
import { delegatePath } from './path.ts'
import { currentGlobalServerEx, globalServerEx, linkDomain } from './values.ts'

/** `org.freedesktop.resolve1.DnsDelegate` of one delegate: properties only (dbus.md §6). */
export function delegateInterface(id: string, control: Control): BusInterface {
  const delegate = () => delegateOf(control, id)
  return implement(
    DELEGATE,
    {},
    {
      DNS: () => delegate().servers.map((server) => globalServerEx(server)),
      CurrentDNSServer: () => currentGlobalServerEx(delegate().currentServer),
      Domains: () => delegate().domains.map(linkDomain),
      DefaultRoute: () => delegate().defaultRoute,
    },
  )
}

/** The manager's side of them: a path by ID, and all of them. */
export function delegateMethods(
  control: Control,
): Pick<MethodHandlers<typeof MANAGER>, 'GetDelegate' | 'ListDelegates'> {
  return {
    GetDelegate: ([id]) => [delegatePath(delegateOf(control, id).id)],
    ListDelegates: () => [control.delegates().map(({ id }) => [id, delegatePath(id)] as const)],
  }
}

/** A reload may have removed it. @throws {BusError} NoSuchDelegate */
function delegateOf(control: Control, id: string): DelegateStatus {
  const delegate = control.delegates().find((candidate) => candidate.id === id)
  if (delegate === undefined) throw new BusError(ERROR.noSuchDelegate, `Delegate '${id}' not known`)
  return delegate
}
