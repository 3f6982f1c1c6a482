import { type Reply, RESOLVE_INTERFACE } from '../../varlink-idl/index.ts'
import { BusCallError } from '../client/bus-errors.ts'
import { jsonAddress, type ServiceAnswer, type ServiceName } from './lookups.ts'
import { isUnavailable, type VarlinkClient, VarlinkCallError } from '../client/varlink-client.ts'
import { busErrorName, failureSentence } from '../client/varlink-error.ts'

/** `ResolveService` of varlink.md §3, which takes and gives what the call of the bus does. @throws {BusCallError} */
export async function serviceOverVarlink(
  varlink: VarlinkClient,
  ifindex: number,
  asked: ServiceName,
  family: number,
  flags: number,
): Promise<ServiceAnswer> {
  const { name, type, domain } = asked
  const parts = { ...(name !== '' && { name }), ...(type !== '' && { type }), domain }
  try {
    return answerOf(await varlink.callAlone(RESOLVE_INTERFACE, 'ResolveService', { ...parts, family, ifindex, flags }))
  } catch (error) {
    if (!(error instanceof VarlinkCallError) || isUnavailable(error)) throw error
    const { errorName, parameters } = error
    const whole = [name, type, domain].filter((part) => part !== '').join('.')
    const code = typeof parameters.rcode === 'number' ? parameters.rcode : undefined
    throw new BusCallError(busErrorName(errorName, code), failureSentence(errorName, parameters, whole), {
      cause: error,
    })
  }
}

type ServiceReply = Reply<typeof RESOLVE_INTERFACE, 'ResolveService'>

function answerOf({ services, txt = [], canonical, flags }: ServiceReply): ServiceAnswer {
  const { name = '', type, domain } = canonical
  return { services: services.map(serviceOf), txt: txt.map(octalBytes), canonical: { name, type, domain }, flags }
}

function serviceOf({ hostname, canonicalName = '', addresses = [], ...numbers }: ServiceReply['services'][number]) {
  return { ...numbers, host: hostname, canonicalHost: canonicalName, addresses: addresses.flatMap(jsonAddress) }
}

/** The bytes behind octet-escaped text. */
export function octalBytes(text: string): Buffer {
  const latin = text.replaceAll(/\\([0-3][0-7]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)))
  return Buffer.from(latin, 'latin1')
}
