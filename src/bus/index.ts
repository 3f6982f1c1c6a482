// `org.freedesktop.resolve1` on the system bus: objects, methods and properties, callers and their rights, introspection.
// In: lookups, control, a bus address; out: replies and change signals. It translates and decides nothing about names.
// The wire protocol is the dbus room; error names of resolve1 are spelled in `errors.ts` alone.
export type { BusOptions } from './bus-service.ts'
export { BusService } from './bus-service.ts'
export type { ProcessName } from './session.ts'
