import { adviceOn } from './advice.ts'
import { BusCallError } from './bus-errors.ts'
import { CliError } from '../command/cli-error.ts'
import type { Context } from '../command/context.ts'

/** Runs `work` on each word, one after the other; a failure is printed and the rest still tried; advice comes once. */
export async function tryEach(
  words: readonly string[],
  { screen }: Context,
  work: (word: string) => Promise<boolean>,
): Promise<number> {
  let failures = 0
  let advice: string | undefined
  for (const word of words) {
    try {
      if (!(await work(word))) failures++
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      screen.note(error.message)
      advice = adviceOn(error) ?? advice
      failures++
    }
  }
  if (advice !== undefined) screen.note(advice)
  return failures === 0 ? 0 : 1
}

/** Puts the name in front of what the daemon says (resolvectl.md §3.8). @throws {BusCallError} */
export function explain<T>(name: string, call: Promise<T>): Promise<T> {
  return saying(`${name}: resolve call failed`, call)
}

/** Puts `what` in front of what the daemon or the bus says. @throws {BusCallError} */
export async function saying<T>(what: string, call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    if (!(error instanceof BusCallError)) throw error
    throw new BusCallError(error.errorName, `${what}: ${error.message}`, { cause: error })
  }
}
