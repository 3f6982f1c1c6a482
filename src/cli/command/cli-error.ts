/** Something the user can understand and mend: its message is printed as it is, and the exit code is 1 (C-2). */
export class CliError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CliError'
  }
}
