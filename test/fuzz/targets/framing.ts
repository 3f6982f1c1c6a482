import { frame, StreamFramer } from '../../../src/wire/index.ts'
import { MESSAGES } from '../../kit/fixture-messages.ts'
import { must, type Target } from '../target.ts'

/** DNS over TCP and TLS: a stream cut into messages, however it comes. The first byte says in what pieces. */
export const target: Target = {
  name: 'framing',
  maxLength: 65_535,
  seeds: () => [
    Buffer.concat([Buffer.of(1), ...MESSAGES.slice(0, 6).map(([, message]) => frame(message))]),
    Buffer.concat([Buffer.of(200), frame(Buffer.alloc(0)), frame(Buffer.alloc(300))]),
  ],
  run(input) {
    const stream = input.subarray(1)
    const piece = Math.max(1, input[0] ?? 1, stream.length >> 8)
    const whole = new StreamFramer().push(stream)
    const framer = new StreamFramer()
    const inPieces: Buffer[] = []
    for (let at = 0; at < stream.length; at += piece) inPieces.push(...framer.push(stream.subarray(at, at + piece)))
    const size = whole.reduce((sum, message) => sum + 2 + message.length, 0)
    must(Buffer.concat(whole).equals(Buffer.concat(inPieces)), 'messages are the same however they come')
    must(whole.length === inPieces.length && size + framer.pending === stream.length, 'no byte is lost')
  },
}
