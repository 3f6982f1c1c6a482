import { errorOfThrown } from '../../../src/bus/errors.ts'
import { CODEC, METHOD_CALL, type OutgoingMessage, Variant } from '../../../src/dbus/index.ts'
import { type Frame, FrameReader, FramingError } from '../../../src/dbus/frames.ts'
import { UnmarshalError } from '../../../src/dbus/unmarshal.ts'
import { Desk, LINK, MANAGER, PATH, PROPERTIES } from '../../unit/bus/dispatch-kit.ts'
import { must, type Target, unless } from '../target.ts'

const ADDRESS = Buffer.from([192, 0, 2, 1])
const CALLS: readonly Partial<OutgoingMessage>[] = [
  { interface: MANAGER, member: 'ResolveHostname', signature: 'isit', body: [0, 'a.example', 0, 0n] },
  { interface: MANAGER, member: 'ResolveAddress', signature: 'iiayt', body: [0, 2, ADDRESS, 0n] },
  { interface: MANAGER, member: 'ResolveRecord', signature: 'isqqt', body: [0, 'a.example', 1, 1, 0n] },
  { interface: MANAGER, member: 'SetLinkDNS', signature: 'ia(iay)', body: [2, [[2, ADDRESS]]] },
  {
    interface: MANAGER,
    member: 'SetLinkDNSEx',
    signature: 'ia(iayqs)',
    body: [2, [[2, ADDRESS, 853, 'dns.example']]],
  },
  { interface: MANAGER, member: 'SetLinkDomains', signature: 'ia(sb)', body: [2, [['corp.example', true]]] },
  { interface: MANAGER, member: 'SetLinkDNSSECNegativeTrustAnchors', signature: 'ias', body: [2, ['a.example']] },
  { path: `${PATH}/link/_32`, interface: LINK, member: 'SetLLMNR', signature: 's', body: ['yes'] },
  { interface: PROPERTIES, member: 'Get', signature: 'ss', body: [MANAGER, 'DNS'] },
  { interface: PROPERTIES, member: 'Set', signature: 'ssv', body: [MANAGER, 'LogLevel', new Variant('s', 'info')] },
  { interface: PROPERTIES, member: 'GetAll', signature: 's', body: [MANAGER] },
]
const desk = new Desk()

/** The bytes of a bus socket: cut into messages, decoded, dispatched to the objects. */
export const target: Target = {
  name: 'bus',
  maxLength: 65_535,
  // Each message may be a call that is refused with a sentence; the daemon takes them in turns of two milliseconds.
  allowance: { time: 5, timePerBlock: 4, memory: 2 << 20 },
  seeds: () => CALLS.map((call) => CODEC.encode({ type: METHOD_CALL, serial: 1, path: PATH, ...call })),
  async run(input) {
    for (const frame of framesOf(input)) {
      const message = unless([UnmarshalError, TypeError], () => CODEC.decode(frame))
      if (message === undefined) continue
      unless([UnmarshalError, TypeError], () => message.body(8192))
      try {
        const { signature, values } = await desk.receive(message)
        CODEC.encode({ type: 2, serial: 1, replySerial: message.serial, signature, body: values })
      } catch (error) {
        must(
          errorOfThrown(error).errorName !== 'org.freedesktop.DBus.Error.Failed' || isOurs(error),
          String((error as Error).stack),
        )
      }
    }
  },
}

function framesOf(input: Buffer): Frame[] {
  const frames: Frame[] = []
  unless(FramingError, () => new FrameReader((frame) => frames.push(frame)).push(input))
  return frames
}

/** Thrown on purpose, for the caller to read. */
function isOurs(error: unknown): boolean {
  return error instanceof Error && ['BusError', 'ControlError'].includes(error.name)
}
