import { CliError } from '../command/cli-error.ts'
import type { Context } from '../command/context.ts'
import { printJson } from '../terminal/output.ts'
import type { QueryTarget } from './query-target.ts'
import { EXPLAIN_INTERFACE } from '../../varlink-idl/index.ts'
import type { VarlinkClient } from '../client/varlink-client.ts'

/** `query --explain --json`: the daemon's whole reply, and what was asked. False for a lookup that failed. */
export async function queryAsJson(word: string, target: QueryTarget, context: Context): Promise<boolean> {
  const { ifindex, options } = context
  const where = { ifindex, flags: options.flags }
  const reply = await callFor(target, where, options.family, context.varlink)
  printJson({ query: word, ...reply }, context)
  const { failure } = reply
  if (failure !== undefined) throw new CliError(`${word}: resolve call failed: ${failure.message}`)
  return true
}

function callFor(
  target: QueryTarget,
  where: { ifindex: number; flags: number },
  family: number,
  varlink: VarlinkClient,
) {
  if (target.kind === 'host')
    return varlink.callAlone(EXPLAIN_INTERFACE, 'ResolveHostname', { name: target.name, family, ...where })
  if (target.kind === 'address') {
    const { address } = target
    return varlink.callAlone(EXPLAIN_INTERFACE, 'ResolveAddress', {
      address: [...address.bytes],
      family: address.family,
      ...where,
    })
  }
  const { name, type, class: klass } = target
  return varlink.callAlone(EXPLAIN_INTERFACE, 'ResolveRecord', { name, class: klass, type, ...where })
}
