/** A peer answered with other types than its interface has. */
export class InconsistentReply extends Error {
  override readonly name = 'InconsistentReply'

  /** `member`: the full name of the method or property. */
  constructor(member: string, expected: string, found: string) {
    super(`${member} gives values of type '${found}' where '${expected}' is described`)
  }
}
