import { IpAddress } from '../../base/index.ts'
import { isSingleLabel, parseName } from '../../wire/index.ts'
import { BusCallError } from '../client/bus-errors.ts'
import type { Context } from '../command/context.ts'
import { PROGRAM } from '../command/program.ts'

/** Failures whose reason is with this machine or its servers, and not in the name. */
const UNEXPLAINED =
  /\.(?:NoNameServers|NetworkDown|NoSource|StubLoop|Timeout|InvalidReply|MaxAttemptsReached|DnsError\.(?:REFUSED|SERVFAIL))$/

/**
 * Does `work`; to people who watch, a failed lookup of `word` is told with the command that explains it. What is no
 * terminal gets the words of the original. @throws what `work` does
 */
export async function pointingAtReason<T>(word: string, { screen }: Context, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!screen.isTerminal || !(error instanceof BusCallError)) throw error
    const hint = hintOn(word, error.errorName)
    if (hint === undefined) throw error
    throw new BusCallError(error.errorName, `${error.message}\n${hint}`, { cause: error })
  }
}

/** Where the reason is to be found; undefined where the message says it already. */
export function hintOn(word: string, errorName: string): string | undefined {
  const name = IpAddress.parse(word) === undefined ? parseName(word) : undefined
  const isUnsent = name !== undefined && isSingleLabel(name)
  if (isUnsent && /\.(?:NoNameServers|DnsError\.(?:REFUSED|NXDOMAIN))$/.test(errorName)) {
    return `Single labels are not sent to DNS servers: ${PROGRAM} why ${word}`
  }
  return UNEXPLAINED.test(errorName) ? `To see why: ${PROGRAM} why ${word}` : undefined
}
