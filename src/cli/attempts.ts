import { BusError } from './bus-client.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'

/** Runs `work` on each word, one after the other; a failure is printed and the rest still tried. */
export async function tryEach(
  words: readonly string[],
  { screen }: Context,
  work: (word: string) => Promise<boolean>,
): Promise<number> {
  let failures = 0
  for (const word of words) {
    try {
      if (!(await work(word))) failures++
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      screen.note(error.message)
      failures++
    }
  }
  return failures === 0 ? 0 : 1
}

/** Puts the name in front of what the daemon says (resolvectl.md 3.8). @throws {BusError} */
export async function explain<T>(name: string, call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    if (!(error instanceof BusError)) throw error
    throw new BusError(error.errorName, `${name}: resolve call failed: ${error.message}`, { cause: error })
  }
}
