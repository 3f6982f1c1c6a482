import { VarlinkError } from './errors.ts'
import { idlText } from './idl-text.ts'
import type { Interface } from './idl.ts'
import { list, method, string } from './idl.ts'
import type { About } from './ports.ts'
import type { Served } from './service.ts'
import { serve } from './service.ts'

const methods = {
  GetInfo: method(
    'Tells who serves, and which interfaces.',
    {},
    {
      vendor: string,
      product: string,
      version: string,
      url: string,
      interfaces: list(string),
    },
  ),
  GetInterfaceDescription: method('Describes one interface.', { interface: string }, { description: string }),
}

/** `org.varlink.service`: what every varlink service has. */
export const VARLINK_INTERFACE: Interface<typeof methods> = {
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

/** Describes the interfaces in `others` and itself (V-14). */
export function varlinkInterface(about: About, others: readonly Served[]): Served {
  const texts = new Map(
    [VARLINK_INTERFACE, ...others.map(({ description }) => description)].map((one) => [one.name, idlText(one)]),
  )
  return serve(VARLINK_INTERFACE, {
    GetInfo: () => {
      const { vendor, product, version, url } = about
      return { vendor, product, version, url, interfaces: [...texts.keys()].toSorted() }
    },
    GetInterfaceDescription: ({ interface: name }) => {
      const description = texts.get(name)
      if (description === undefined) {
        throw new VarlinkError('org.varlink.service.InterfaceNotFound', { interface: name })
      }
      return { description }
    },
  })
}
