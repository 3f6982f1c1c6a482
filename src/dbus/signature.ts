/** One complete D-Bus type: `type` is its first letter, `child` what it contains. */
export interface TypeTree {
  readonly type: string
  readonly child: readonly TypeTree[]
}

/** D-Bus specification, "Valid Signatures". */
const MAX_LENGTH = 255
/** Of arrays within one another, and of structs; both together may be twice as deep. */
const MAX_DEPTH = 32
const BASIC = 'ybnqiuxtdsogh'

/** Splits a signature into its complete types. @throws {TypeError} for what is not a signature */
export function parseSignature(signature: string): readonly TypeTree[] {
  return new SignatureParser(signature).types()
}

class SignatureParser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    if (text.length > MAX_LENGTH) throw new TypeError('a signature is too long')
    this.#text = text
  }

  types(): readonly TypeTree[] {
    const types: TypeTree[] = []
    while (this.#at < this.#text.length) types.push(this.#type(0, 0))
    return types
  }

  #type(arrays: number, structs: number): TypeTree {
    const type = this.#text[this.#at++] ?? ''
    if (type !== '' && (BASIC.includes(type) || type === 'v')) return { type, child: [] }
    if (arrays > MAX_DEPTH || structs > MAX_DEPTH) throw this.#invalid()
    if (type === 'a') return { type, child: [this.#element(arrays + 1, structs)] }
    if (type === '(') return { type, child: this.#members(')', arrays, structs + 1) }
    throw this.#invalid()
  }

  /** Dictionary entries are there only as elements of arrays: a basic key and one value. */
  #element(arrays: number, structs: number): TypeTree {
    if (this.#text[this.#at] !== '{') return this.#type(arrays, structs)
    this.#at++
    const child = this.#members('}', arrays, structs + 1)
    if (child.length !== 2 || !BASIC.includes(child[0]?.type ?? 'v')) throw this.#invalid()
    return { type: '{', child }
  }

  #members(end: string, arrays: number, structs: number): readonly TypeTree[] {
    const members: TypeTree[] = []
    while (this.#text[this.#at] !== end) members.push(this.#type(arrays, structs))
    this.#at++
    if (members.length === 0) throw this.#invalid()
    return members
  }

  #invalid(): TypeError {
    return new TypeError(`no D-Bus signature: ${JSON.stringify(this.#text)}`)
  }
}
