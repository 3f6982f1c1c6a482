export type { Door } from './door.ts'
export { Responder } from './responder.ts'
export type { StubServices } from './stub-listeners.ts'
export { ListenError, StubListeners } from './stub-listeners.ts'
