/**
 * The DNS listeners: UDP and TCP on 127.0.0.53, .54 and `DNSStubListenerExtra=`. In come a client's bytes, out go the bytes
 * that answer them: replayed from memory (`Responder.replay`), or resolved and written for this client (`reply.ts`). It
 * sorts requests and knows sizes, flags and EDNS; which answer a name has is not decided here.
 */
export type { AllowedNetworks, ClientNetwork } from './access.ts'
export { ClientAccess } from './access.ts'
export type { Listener } from './listener.ts'
export type { OwnerOf, Sender, SocketOwner } from './quota-groups.ts'
export type { NewMemo, ResponderServices } from './responder.ts'
export { nsid } from './nsid.ts'
export { Responder } from './responder.ts'
export type { StubServices } from './stub-listeners.ts'
export { ListenError, StubListeners } from './stub-listeners.ts'
