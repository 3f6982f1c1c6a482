import type { HookReply } from '../resolve/index.ts'
import { firstMisfit, HOOK_INTERFACE, type JsonObject, ProtocolError } from '../varlink-idl/index.ts'
import { FormError, parseMessage, RCODE, type ResourceRecord } from '../wire/index.ts'

/** A header that announces one record in the answer section, and nothing else. */
const ONE_ANSWER = Buffer.from([0, 0, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0])
const HIGHEST_RCODE = Math.max(...Object.values(RCODE))
/** Type, class, TTL and rdata length. */
const FIXED_SIZE = 10

/** Reads a reply of `ResolveRecord`; undefined: the hook leaves the name to others (H-RR-2, H-RR-3). @throws {ProtocolError} */
export function readReply(reply: JsonObject): HookReply | undefined {
  const misfit = firstMisfit(HOOK_INTERFACE.methods.ResolveRecord.output, reply, true)
  if (misfit !== undefined) throw new ProtocolError(`member '${misfit}' of its reply is missing or of another type`)
  const { rcode, answer = [] } = reply as { rcode?: number; answer?: readonly { raw: string }[] }
  if (rcode === undefined) return undefined
  if (rcode < 0 || rcode > HIGHEST_RCODE) throw new ProtocolError(`its reply has the unknown response code ${rcode}`)
  return { rcode, records: answer.map(({ raw }, i) => recordOfBase64(raw, i)) }
}

/** @throws {ProtocolError} for anything but one whole record without compression */
function recordOfBase64(raw: string, index: number): ResourceRecord {
  const bytes = Buffer.from(raw, 'base64')
  const isBase64 = bytes.toString('base64').replace(/=+$/, '') === raw.replace(/=+$/, '')
  const record = isBase64 ? recordOfWire(bytes) : undefined
  if (record === undefined) throw new ProtocolError(`record ${index} of its reply is not a resource record in base64`)
  return record
}

function recordOfWire(bytes: Buffer): ResourceRecord | undefined {
  try {
    const [record] = parseMessage(Buffer.concat([ONE_ANSWER, bytes])).answer
    // Shorter for what a compression pointer stood for, longer with something behind the record.
    const isWhole = record !== undefined && record.owner.length + FIXED_SIZE + record.rdata.length === bytes.length
    return isWhole ? record : undefined
  } catch (error) {
    if (error instanceof FormError) return undefined
    throw error
  }
}
