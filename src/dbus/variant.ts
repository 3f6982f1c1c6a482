/**
 * A value that carries its own D-Bus signature (type `v`). `signature` is one complete type; `value` has the form that
 * type has everywhere: numbers, `bigint` for 64 bits, arrays for arrays and structs, `Buffer` for `ay`.
 */
export class Variant {
  readonly signature: string
  readonly value: unknown

  constructor(signature: string, value: unknown) {
    this.signature = signature
    this.value = value
  }
}
