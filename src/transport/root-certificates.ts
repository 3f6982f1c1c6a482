import tls from 'node:tls'
import { nextTurn } from './load-ahead.ts'
import { TransportError } from '../upstream/index.ts'

/** The certificates that this system trusts. The same object as long as the file does not change. */
export interface RootBundle {
  readonly path: string
  /** PEM; empty when there is no such file. */
  readonly text: string
}

const CERTIFICATE = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED )?CERTIFICATE-----/g
/** Read in one go: 1 ms. All of a usual bundle at once would hold up every other question for 30 ms (E-NODE-9). */
const LOT = 4

/** What a context of Node has below, and does not document. */
interface NativeContext {
  addCACert?(pem: string): void
}

/**
 * TLS settings under which certificates are checked against the system's own store, not against the list compiled into
 * Node (E-NODE-9). Without any certificate nobody can be trusted, and nothing is sent (E-NODE-10, E-LIFE-1).
 */
export class RootCertificates {
  readonly #read: () => RootBundle | Promise<RootBundle>
  #bundle: RootBundle | undefined
  #context: tls.SecureContext | undefined
  #isLooking = false
  readonly #onChanged: () => void

  /** `onChanged`: what was verified before is worth nothing any more. */
  constructor(read: () => RootBundle | Promise<RootBundle>, onChanged: () => void = () => undefined) {
    this.#read = read
    this.#onChanged = onChanged
  }

  /** To be called before `context`. @throws {TransportError} when there is no certificate to trust */
  async load(): Promise<void> {
    const bundle = await this.#read()
    if (bundle === this.#bundle && this.#context !== undefined) return
    const wasLoaded = this.#context !== undefined
    this.#bundle = bundle
    try {
      this.#context = await contextOf(bundle)
    } catch (error) {
      this.#context = undefined
      throw error
    } finally {
      if (wasLoaded) this.#onChanged()
    }
  }

  /** As loaded; whether the file has changed meanwhile is looked up for the next connection. @throws {TransportError} as `load` */
  get context(): tls.SecureContext {
    if (!this.#isLooking) void this.#lookAgain()
    if (this.#context === undefined) throw noCertificates(this.#bundle)
    return this.#context
  }

  async #lookAgain(): Promise<void> {
    this.#isLooking = true
    await this.load().catch(() => undefined) // the store is empty now: told to whoever connects next
    this.#isLooking = false
  }
}

/** For servers that are not verified: no certificate authority is needed, and none is loaded. */
export function unverifyingContext(): tls.SecureContext {
  return tls.createSecureContext({ ca: [], minVersion: 'TLSv1.2' })
}

async function contextOf(bundle: RootBundle): Promise<tls.SecureContext> {
  const certificates = bundle.text.match(CERTIFICATE) ?? []
  if (certificates.length === 0) throw noCertificates(bundle)
  const native = tls.createSecureContext({ ca: [], minVersion: 'TLSv1.2' })
  const handle = native.context as NativeContext
  if (handle.addCACert === undefined) return tls.createSecureContext({ ca: certificates, minVersion: 'TLSv1.2' })
  for (const [at, pem] of certificates.entries()) {
    if (at % LOT === LOT - 1) await nextTurn()
    addTo(handle, pem)
  }
  return native
}

/** One that cannot be read is left out, as OpenSSL does with a directory of them. */
function addTo(handle: NativeContext, pem: string): void {
  try {
    handle.addCACert?.(pem)
  } catch {
    // the chain of a server that needs it will not verify, which says so
  }
}

function noCertificates(bundle: RootBundle | undefined): TransportError {
  const where = bundle?.path ?? 'the system'
  return new TransportError('untrusted', `no certificate authority is trusted: ${where} holds no certificate`)
}
