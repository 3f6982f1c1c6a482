import { CliError } from './cli-error.ts'

export const PROGRAM = 'tsresolvectl'

/** Wrong use of the command line: names the program, as getopt does, and says where help is. */
export function usageError(problem: string): CliError {
  return new CliError(`${PROGRAM}: ${problem}\nSee '${PROGRAM} --help'.`)
}
