export type { BusOptions } from './bus-service.ts'
export { BusService } from './bus-service.ts'
export { loadCodec } from './codec.ts'
export type { ProcessName } from './session.ts'
