/** A character string in double quotes; bytes outside 0x20..0x7e and quotes are `\DDD`, backslashes `\\` (RFC 1035 §5.1). */
export function quoted(bytes: Uint8Array): string {
  let text = '"'
  for (const byte of bytes) {
    if (byte === 0x5c) text += '\\\\'
    else if (byte < 0x20 || byte >= 0x7f || byte === 0x22) text += `\\${String(byte).padStart(3, '0')}`
    else text += String.fromCharCode(byte)
  }
  return `${text}"`
}

/** Bytes as text for JSON: those outside 0x20..0x7e, quotes and backslashes as three octal digits (varlink.md §3.2). */
export function octalEscaped(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) {
    if (byte < 0x20 || byte >= 0x7f || byte === 0x22 || byte === 0x5c) text += `\\${byte.toString(8).padStart(3, '0')}`
    else text += String.fromCharCode(byte)
  }
  return text
}

/** Base 32 with the extended hex alphabet, upper case, no padding (RFC 4648 §7). */
export function base32Hex(bytes: Uint8Array): string {
  let text = ''
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(held >> (bits - 5)) & 31]
  }
  return bits === 0 ? text : text + ALPHABET[(held << (5 - bits)) & 31]
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUV'
