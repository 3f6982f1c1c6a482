import type { IpAddress, IpProtocol } from '../base/index.ts'

/** Which of our listeners a request came in by. */
export interface Listener {
  /** `main` 127.0.0.53 · `proxy` 127.0.0.54 · `extra` a listener of `DNSStubListenerExtra=`. */
  readonly kind: 'main' | 'proxy' | 'extra'
  readonly transport: IpProtocol
  /** Where it listens. */
  readonly at?: { readonly address: IpAddress; readonly port: number }
}

/** UDP payload we say we take, in the OPT record of replies (R-STUB-16). */
export function advertisedSize(listener: Listener): number {
  return listener.kind === 'extra' ? 1232 : 65_494
}
