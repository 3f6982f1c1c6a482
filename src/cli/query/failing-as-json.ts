import { BusCallError } from '../client/bus-errors.ts'
import { varlinkError } from '../client/varlink-error.ts'
import type { Context } from '../command/context.ts'
import { printJson } from '../terminal/output.ts'

/** Does `work`; where JSON is wanted, a failed lookup is printed as JSON too (C-Q-16). @throws what `work` does */
export async function failingAsJson<T>(name: string, context: Context, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof BusCallError && context.options.json !== 'off') {
      printJson(varlinkError(name, error.errorName, error.message), context)
    }
    throw error
  }
}
