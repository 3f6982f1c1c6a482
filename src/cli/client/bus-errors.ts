import { CliError } from '../command/cli-error.ts'

/** An error reply of the daemon or the bus; the message is meant for people (resolvectl.md §3.8). */
export class BusCallError extends CliError {
  /** Such as `org.freedesktop.resolve1.NoSuchRR`. */
  readonly errorName: string

  constructor(errorName: string, message: string, options?: ErrorOptions) {
    super(message === '' ? errorName : message, options)
    this.name = 'BusCallError'
    this.errorName = errorName
  }
}

/** There is no bus, or it does not let us in. */
export class BusUnreachable extends CliError {}

/** The bus is left aside: the resolver that is asked is not the one on it. */
export class BusUnused extends BusUnreachable {}
