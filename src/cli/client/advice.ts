import { RESOLVE1 } from '../../dbus/index.ts'
import { BusCallError, BusUnreachable, BusUnused } from './bus-errors.ts'
import { VarlinkCallError } from './varlink-client.ts'

/** What to do about a failure that names nothing the user could mend: one line, or undefined. */
export function adviceOn(error: unknown): string | undefined {
  if (error instanceof BusUnused) return undefined
  if (error instanceof BusUnreachable || isNobodyThere(error))
    return "Try 'tsresolvectl doctor': it says what is wrong."
  if (isDenied(error)) return "Try again as root, or with polkit's leave."
  return undefined
}

function isNobodyThere(error: unknown): boolean {
  if (error instanceof BusCallError) return ABSENT.has(error.errorName) && error.message.includes(RESOLVE1)
  const { cause } = error as { cause?: NodeJS.ErrnoException }
  return cause?.syscall === 'connect' && (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED')
}

function isDenied(error: unknown): boolean {
  return (error instanceof BusCallError || error instanceof VarlinkCallError) && DENIED.has(error.errorName)
}

const ABSENT: ReadonlySet<string> = new Set([
  'org.freedesktop.DBus.Error.ServiceUnknown',
  'org.freedesktop.DBus.Error.NameHasNoOwner',
])
const DENIED: ReadonlySet<string> = new Set([
  'org.freedesktop.DBus.Error.AccessDenied',
  'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired',
])
