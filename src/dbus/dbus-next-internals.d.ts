// The parts of dbus-next that `codec.ts` uses; the package's own types do not describe them.
declare module 'dbus-next/lib/dbus-buffer.js' {
  class DBusBuffer {
    constructor(buffer: Buffer, startPosition: number, endian: number, fds: null)
    /** Values in the marshaller's own format. @throws {Error | RangeError | TypeError} when the bytes do not fit */
    read(signature: string): unknown[]
  }
  export default DBusBuffer
}
declare module 'dbus-next/lib/variant.js' {
  export class Variant {
    readonly signature: string
    readonly value: unknown
    constructor(signature: string, value: unknown)
  }
}
declare module 'dbus-next/lib/marshall-compat.js' {
  export function messageToJsFmt<T extends { signature: string; body: unknown[] }>(message: T): T
}
declare module 'dbus-next/lib/signature.js' {
  export interface SignatureTree {
    readonly type: string
    readonly child: readonly SignatureTree[]
  }
  /** @throws {Error} for what is not a signature */
  export function parseSignature(signature: string): SignatureTree[]
}
