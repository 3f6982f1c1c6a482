/** The zone's SOA, the record that denies its wildcard, and what else comes with most of its denials. */
const CAPACITY = 4
/** Bytes of signed data: as many as a record of denial has. */
const LONGEST = 768

/** Signatures that one key is known to have made, with what they are over: the last ones used. Times are checked elsewhere. */
export class KnownSignatures {
  readonly #bySignature = new Map<string, string>()

  has(data: Buffer, signature: Buffer): boolean {
    if (this.#bySignature.size === 0) return false
    const key = signature.toString('latin1')
    const known = this.#bySignature.get(key)
    if (known === undefined || known !== data.toString('latin1')) return false
    this.#bySignature.delete(key)
    this.#bySignature.set(key, known)
    return true
  }

  /** The one unused longest goes. */
  add(data: Buffer, signature: Buffer): void {
    if (data.length > LONGEST) return
    this.#bySignature.set(signature.toString('latin1'), data.toString('latin1'))
    if (this.#bySignature.size > CAPACITY) this.#bySignature.delete(this.#bySignature.keys().next().value as string)
  }
}
