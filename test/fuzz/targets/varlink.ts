import {
  MessageReader,
  MONITOR_INTERFACE,
  firstMisfit,
  parseCall,
  parseReply,
  ProtocolError,
  RESOLVE_INTERFACE,
} from '../../../src/varlink-idl/index.ts'
import { resolveService } from '../../../src/varlink/index.ts'
import { decode, fakePorts, hostnameResult, RecordingLog, resolved } from '../../unit/varlink/support.ts'
import { must, type Target, unless } from '../target.ts'

const R = 'io.systemd.Resolve.'
const SEEDS = [
  { method: `${R}ResolveHostname`, parameters: { name: 'a.example', family: 2, flags: 0, ifindex: 0 } },
  { method: `${R}ResolveAddress`, parameters: { address: [192, 0, 2, 1], family: 2, flags: 0 } },
  { method: `${R}ResolveRecord`, parameters: { name: 'a.example', type: 1, class: 1 }, more: false },
  { method: `${R}ResolveService`, parameters: { name: '', type: '_x._tcp', domain: 'example' }, oneway: true },
  { method: 'org.varlink.service.GetInterfaceDescription', parameters: { interface: 'io.systemd.Resolve' } },
  { method: 'io.systemd.service.SetLogLevel', parameters: { level: 6 } },
  {
    parameters: { addresses: [{ ifindex: 0, family: 2, address: [192, 0, 2, 1] }], name: 'a', flags: 1 },
    continues: true,
  },
  { error: 'io.systemd.Resolve.DNSError', parameters: { rcode: 3 } },
]

const log = new RecordingLog()
const none = resolved(0)
const { ports } = fakePorts({
  hostname: async () => ({ ok: true, value: hostnameResult() }),
  address: async () => ({ ok: true, value: { names: [{ ifindex: 0, name: 'a' }], ...none } }),
  record: async () => ({ ok: true, value: { records: [], ...none } }),
  service: async () => ({
    ok: true,
    value: { services: [], txt: [], canonical: { name: '', type: '', domain: '' }, ...none },
  }),
})
const service = resolveService(ports, log)

/** Varlink calls as the daemon reads and answers them, and replies as the client does. */
export const target: Target = {
  name: 'varlink',
  maxLength: 65_535,
  allowance: { time: 3, memory: 2 << 20 },
  seeds: () => SEEDS.map((call) => Buffer.from(`${JSON.stringify(call)}\0`)),
  async run(input) {
    for (const message of unless(ProtocolError, () => new MessageReader(65_536).push(input)) ?? []) {
      readReply(message)
      const call = unless(ProtocolError, () => parseCall(message))
      if (call === undefined) return // the connection is closed
      const controller = new AbortController()
      const send = (reply: Buffer) => void decode(reply)
      const answered = service.answer(call, { peer: undefined, signal: controller.signal, send })
      controller.abort() // what goes on until the client leaves, such as a subscription
      await answered
      must(log.bugs.length === 0, String((log.bugs.pop() as Error | undefined)?.stack))
    }
  },
}

function readReply(message: Buffer): void {
  const reply = unless(ProtocolError, () => parseReply(message))
  if (reply === undefined) return
  firstMisfit(RESOLVE_INTERFACE.methods.ResolveHostname.output, reply.parameters)
  firstMisfit(MONITOR_INTERFACE.methods.SubscribeQueryResults.output, reply.parameters)
}
