/** The peer does not speak varlink, or exceeds a bound: its connection is dropped without a word (V-3). */
export class ProtocolError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ProtocolError'
  }
}
