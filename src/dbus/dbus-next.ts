// The parts of dbus-next that `codec.ts` uses, in one piece, so that they can be loaded as one.
export { default as DBusBuffer } from 'dbus-next/lib/dbus-buffer.js'
export { messageToJsFmt } from 'dbus-next/lib/marshall-compat.js'
export { parseSignature } from 'dbus-next/lib/signature.js'
export { Variant as TheirVariant } from 'dbus-next/lib/variant.js'
