import type { Family } from '../../base/index.ts'
import { BusError } from '../client/bus-client.ts'
import type { FoundAddress, ServiceAnswer, ServiceName } from './lookups.ts'
import { callResolve, isUnavailable, VarlinkError } from '../client/varlink-client.ts'
import { busErrorName, failureSentence } from '../client/varlink-error.ts'

/** `ResolveService` of varlink.md §3, which takes and gives what the call of the bus does. @throws {BusError} */
export async function serviceOverVarlink(
  ifindex: number,
  asked: ServiceName,
  family: number,
  flags: number,
): Promise<ServiceAnswer> {
  const { name, type, domain } = asked
  const parts = { ...(name !== '' && { name }), ...(type !== '' && { type }), domain }
  try {
    return answerOf(await callResolve('ResolveService', { ...parts, family, ifindex, flags }))
  } catch (error) {
    if (!(error instanceof VarlinkError) || isUnavailable(error)) throw error
    const { errorName, parameters } = error
    const whole = [name, type, domain].filter((part) => part !== '').join('.')
    const code = typeof parameters.rcode === 'number' ? parameters.rcode : undefined
    throw new BusError(busErrorName(errorName, code), failureSentence(errorName, parameters, whole), { cause: error })
  }
}

interface ServiceReply {
  readonly services?: readonly ReplyService[]
  readonly txt?: readonly string[]
  readonly canonical?: Partial<ServiceName>
  readonly flags?: number
}

interface ReplyService {
  readonly priority: number
  readonly weight: number
  readonly port: number
  readonly hostname: string
  readonly canonicalName?: string
  readonly addresses?: readonly { readonly ifindex?: number; readonly family: Family; readonly address: number[] }[]
}

function answerOf({ services = [], txt = [], canonical = {}, flags = 0 }: ServiceReply): ServiceAnswer {
  const { name = '', type = '', domain = '' } = canonical
  return { services: services.map(serviceOf), txt: txt.map(octalBytes), canonical: { name, type, domain }, flags }
}

function serviceOf({ hostname, canonicalName = '', addresses = [], ...numbers }: ReplyService) {
  const found = addresses.map(({ ifindex = 0, family, address }): FoundAddress => {
    return { ifindex, family, bytes: Uint8Array.from(address) }
  })
  return { ...numbers, host: hostname, canonicalHost: canonicalName, addresses: found }
}

/** The bytes behind octet-escaped text. */
export function octalBytes(text: string): Buffer {
  const latin = text.replaceAll(/\\([0-3][0-7]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)))
  return Buffer.from(latin, 'latin1')
}
