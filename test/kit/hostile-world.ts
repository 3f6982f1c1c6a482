import type { Listener } from '../../src/stub/index.ts'
import { FormError, idOf, parseMessage, QR, readQuestion } from '../../src/wire/index.ts'
import { World } from './world.ts'

export const HOSTILE_SERVER = '10.2.0.1'

/** A world with one link, whose log would tell of anything that should be impossible. */
export function hostileWorld(seed: number): World {
  const hosts = '192.0.2.80 one.test alias.test'
  return new World({ links: [{ ifindex: 2, dns: [HOSTILE_SERVER] }], hosts, seed, logLevel: 'err' })
}

/** Bytes a reply to `packet` may have through this listener (R-STUB-15). */
function sizeLimit(packet: Buffer, listener: Listener): number {
  if (listener.transport === 'tcp') return 65_535
  try {
    return parseMessage(packet).opt?.payloadSize ?? 512
  } catch (error) {
    if (error instanceof FormError) return 512
    throw error
  }
}

/** What is wrong with a reply; undefined when nothing is. */
export function faultOf(reply: Buffer, packet: Buffer, listener: Listener): string | undefined {
  if (idOf(reply) !== idOf(packet)) return 'another ID'
  if (reply.length > sizeLimit(packet, listener)) return `${reply.length} bytes are too many`
  if ((reply.readUInt16BE(2) & QR) === 0) return 'QR is not set'
  const { question, opt } = parseMessage(reply)
  if (opt !== undefined && parseMessage(packet).opt === undefined) return 'OPT nobody asked for'
  if (question === undefined) return undefined
  const { end } = readQuestion(packet)
  return reply.subarray(12, end).equals(packet.subarray(12, end)) ? undefined : 'another question'
}

/** A server that says `reply` under the ID, and where `keepsQuestion` says so with the question, that it was asked. */
export function serveBytes(world: World, reply: () => Buffer, keepsQuestion: () => boolean): void {
  world.transport.script = (exchange) => {
    const bytes = Buffer.from(reply())
    exchange.wire.copy(bytes, 0, 0, 2)
    const end = Math.min(bytes.length, readQuestion(exchange.wire).end)
    if (keepsQuestion()) exchange.wire.copy(bytes, 12, 12, end)
    if (!exchange.reply(bytes)) exchange.fail('refused')
  }
}
