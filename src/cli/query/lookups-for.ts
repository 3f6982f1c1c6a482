import { BusUnreachable, BusUnused } from '../client/bus-errors.ts'
import type { Context } from '../command/context.ts'
import { PreferExplained, ExplainedLookups, explainUnavailable, LookupError } from './explained-lookups.ts'
import type { LookupSource } from './lookups.ts'
import { printProvenance } from '../terminal/output.ts'
import { isUnavailable } from '../client/varlink-client.ts'

/**
 * The bus, as the original does it. With `--explain`, where a person watches, or where there is no bus, our own
 * interface, which says more; what is not a terminal sees no difference.
 */
export async function lookupsFor(context: Context): Promise<LookupSource> {
  const { options, screen, varlink } = context
  if (options.explain) return new ExplainedLookups(varlink)
  const overBus = async () => {
    const bus = await context.bus()
    const { BusLookups } = await import('./bus-lookups.ts')
    return new BusLookups(bus)
  }
  const isForPeople = screen.isTerminal && options.legend && options.json === 'off'
  if (isForPeople) return new PreferExplained(varlink, overBus)
  return overBus().catch((error: unknown) => {
    if (error instanceof BusUnused) return new ExplainedLookups(varlink)
    if (error instanceof BusUnreachable) return new PreferExplained(varlink, () => Promise.reject(error))
    throw error
  })
}

/** With `--explain`, a lookup that fails is explained before its error is printed. */
export async function explained(work: () => Promise<boolean>, context: Context): Promise<boolean> {
  try {
    return await work()
  } catch (error) {
    if (!context.options.explain) throw error
    if (isUnavailable(error)) throw explainUnavailable(error)
    const provenance = LookupError.behind(error)?.provenance
    if (provenance !== undefined && context.options.json === 'off') printProvenance(provenance, context)
    throw error
  }
}
