export type { Door } from './door.ts'
export { Responder } from './responder.ts'
