import { BlockingSocket, type Libc } from '../../sys/index.ts'
import { MAX_MESSAGE, MessageReader } from '../../varlink-idl/index.ts'

/** Bytes of one read. */
const CHUNK = 65_536

/**
 * Sends `call` to the varlink socket at `path` and waits for the message that answers it; undefined when the other end closes
 * before. Nothing else of this program goes on meanwhile. All of it takes at most `patience` milliseconds.
 * @throws {SysError} or as Node's, of which EAGAIN means that it took too long, {ProtocolError}
 */
export function exchange(libc: Libc, path: string, call: Buffer, patience: number): Buffer | undefined {
  const deadline = now() + patience
  using socket = BlockingSocket.connect(libc, path, patience)
  socket.write(call)
  const reader = new MessageReader(MAX_MESSAGE)
  const chunk = Buffer.allocUnsafe(CHUNK)
  for (;;) {
    socket.waitAtMost(Math.max(1, deadline - now()))
    const length = socket.read(chunk)
    if (length === 0) return undefined
    const [message] = reader.push(chunk.subarray(0, length))
    if (message !== undefined) return message
  }
}

/** Milliseconds of a clock that nobody sets. `performance` would load a module for it. */
function now(): number {
  return Number(process.hrtime.bigint() / 1_000_000n)
}
