import { IpAddress } from '../../base/index.ts'
import type { Context } from '../command/context.ts'
import { printJson } from '../terminal/output.ts'
import type { HostAnswer, NamesAnswer } from './lookups.ts'

/** The addresses of a host as JSON; members are named as in varlink, with the address as text and the link's name besides. */
export function printHostJson(query: string, { addresses, canonical, flags }: HostAnswer, context: Context): void {
  const found = addresses.map(({ ifindex, family, bytes }) => {
    const addressString = IpAddress.fromBytes(bytes)?.text
    return { ...linkOf(ifindex, context), family, address: [...bytes], addressString }
  })
  printJson({ query, addresses: found, name: canonical, flags }, context)
}

/** The names of an address as JSON. */
export function printNamesJson(query: string, { names, flags }: NamesAnswer, context: Context): void {
  const found = names.map(({ ifindex, name }) => ({ ...linkOf(ifindex, context), name }))
  printJson({ query, names: found, flags }, context)
}

function linkOf(ifindex: number, { links }: Context): { ifindex?: number; ifname?: string } {
  return ifindex === 0 ? {} : { ifindex, ifname: links.nameOf(ifindex) }
}
