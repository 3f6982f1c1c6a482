import type { Control, DelegateStatus } from '../control/index.ts'
import { BusError, ERROR } from './errors.ts'
import { args, type BusInterface, type Method, type Property } from './interface.ts'
import { delegatePath } from './path.ts'
import { currentGlobalServerEx, globalServerEx, linkDomain } from './values.ts'

/** `org.freedesktop.resolve1.DnsDelegate` of one delegate: properties only (dbus.md §6). */
export function delegateInterface(id: string, control: Control): BusInterface {
  const property = (name: string, type: string, read: (delegate: DelegateStatus) => unknown): Property => {
    return { name, type, emitsChange: 'false', read: () => read(delegateOf(control, id)) }
  }
  return {
    name: 'org.freedesktop.resolve1.DnsDelegate',
    methods: [],
    signals: [],
    properties: [
      property('DNS', 'a(iiayqs)', (delegate) => delegate.servers.map((server) => globalServerEx(server))),
      property('CurrentDNSServer', '(iiayqs)', (delegate) => currentGlobalServerEx(delegate.currentServer)),
      property('Domains', 'a(sb)', (delegate) => delegate.domains.map(linkDomain)),
      property('DefaultRoute', 'b', (delegate) => delegate.defaultRoute),
    ],
  }
}

export function delegateMethods(control: Control): readonly Method[] {
  return [
    {
      name: 'GetDelegate',
      in: args('s id'),
      out: args('o path'),
      run: ({ args: [id] }) => [delegatePath(delegateOf(control, id as string).id)],
    },
    {
      name: 'ListDelegates',
      in: [],
      out: args('a(so) delegates'),
      run: () => [control.delegates().map(({ id }) => [id, delegatePath(id)])],
    },
  ]
}

function delegateOf(control: Control, id: string): DelegateStatus {
  const delegate = control.delegates().find((candidate) => candidate.id === id)
  if (delegate === undefined) throw new BusError(ERROR.noSuchDelegate, `Delegate '${id}' not known`)
  return delegate
}
