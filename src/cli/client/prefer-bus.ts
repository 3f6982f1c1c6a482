import { BusUnreachable, BusUnused } from './bus-errors.ts'
import { isUnavailable } from './varlink-client.ts'

/** What `overBus` gives, as in the original; where there is no bus, what varlink has. The lack of both is told as that of the bus. */
export async function preferBus<T>(overBus: () => Promise<T>, overVarlink: () => Promise<T>): Promise<T> {
  try {
    return await overBus()
  } catch (error) {
    if (!(error instanceof BusUnreachable)) throw error
    return await overVarlink().catch((other: unknown) => {
      throw isUnavailable(other) && !(error instanceof BusUnused) ? error : other
    })
  }
}
