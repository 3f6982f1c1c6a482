import type { Interface } from './idl.ts'
import { list, method, string } from './idl.ts'

const methods = {
  GetInfo: method(
    'Tells who serves, and which interfaces.',
    {},
    { vendor: string, product: string, version: string, url: string, interfaces: list(string) },
  ),
  GetInterfaceDescription: method('Describes one interface.', { interface: string }, { description: string }),
}

/** `org.varlink.service`: what every varlink service has (V-14). */
export const SERVICE_INTERFACE: Interface<typeof methods> = {
  name: 'org.varlink.service',
  comment: 'The interface every varlink service offers.',
  types: [],
  methods,
  errors: {
    InterfaceNotFound: { interface: string },
    MethodNotFound: { method: string },
    MethodNotImplemented: { method: string },
    InvalidParameter: { parameter: string },
    PermissionDenied: {},
    ExpectedMore: {},
  },
}
