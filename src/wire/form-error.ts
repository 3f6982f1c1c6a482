/** Bytes that are not a well-formed DNS message. `offset` is where reading failed. */
export class FormError extends Error {
  readonly offset: number

  constructor(problem: string, offset: number) {
    super(`${problem} at byte ${offset}`)
    this.name = 'FormError'
    this.offset = offset
  }
}
