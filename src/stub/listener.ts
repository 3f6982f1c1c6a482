import type { IpAddress, IpProtocol } from '../base/index.ts'

/** Which of our listeners a request came in by. */
export interface Listener {
  /** `main` 127.0.0.53 · `proxy` 127.0.0.54 · `extra` a listener of `DNSStubListenerExtra=`. */
  readonly kind: 'main' | 'proxy' | 'extra'
  readonly transport: IpProtocol
  /** Where it listens. */
  readonly at?: { readonly address: IpAddress; readonly port: number }
}

/** What other hosts get by UDP, whatever they say they take: a forged sender is sent no more (RFC 9715). */
const LARGEST_FOR_OTHERS = 1232
/** What an IPv4 datagram holds beside its headers: more could not be sent, whatever the client says it takes. */
const LARGEST_UDP = 65_507
const LARGEST_TCP = 65_535

/** Whether hosts other than this one can reach it. */
export function isReachable({ kind, at }: Listener): boolean {
  return kind === 'extra' && at?.address.isLoopback === false
}

/** Bytes of the largest reply that goes out by this listener (R-STUB-15). */
export function largestReply(listener: Listener): number {
  if (listener.transport === 'tcp') return LARGEST_TCP
  return isReachable(listener) ? LARGEST_FOR_OTHERS : LARGEST_UDP
}

/** UDP payload we say we take, in the OPT record of replies (R-STUB-16). */
export function advertisedSize(listener: Listener): number {
  return listener.kind === 'extra' ? 1232 : 65_494
}
