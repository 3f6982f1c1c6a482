import { VarlinkError } from '../errors.ts'
import { idlText, SERVICE_INTERFACE } from '../../varlink-idl/index.ts'
import type { About } from '../ports.ts'
import type { Served } from '../connection/service.ts'
import { serve } from '../connection/service.ts'

/** Describes the interfaces in `others` and itself (V-14). */
export function introspectionInterface(about: About, others: readonly Served[]): Served {
  // Made once: descriptions do not change while the service runs.
  const texts = new Map(
    [SERVICE_INTERFACE, ...others.map(({ description }) => description)].map((one) => [one.name, idlText(one)]),
  )
  return serve(SERVICE_INTERFACE, {
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
