import type { Listener } from '../../../src/stub/index.ts'
import { MESSAGES } from '../../kit/fixture-messages.ts'
import { faultOf, hostileWorld } from '../../kit/hostile-world.ts'
import { must, type Target } from '../target.ts'

const LISTENERS: readonly Listener[] = [
  { kind: 'main', transport: 'udp' },
  { kind: 'proxy', transport: 'udp' },
  { kind: 'extra', transport: 'udp' },
  { kind: 'main', transport: 'tcp' },
]
/** Runs in one world; then there is a new one, so that what an input does hangs on few others. */
const WORLD_LIFE = 256

let world = hostileWorld(1)
let runs = 0

/** Requests of clients, through the whole resolver. The first byte says to which listener. */
export const target: Target = {
  name: 'stub',
  maxLength: 4096,
  // A question, its retries and failures on a fake clock.
  allowance: { time: 15, memory: 4 << 20 },
  seeds: () => MESSAGES.map(([, message], i) => Buffer.concat([Buffer.of(i), message])),
  async run(input) {
    if (++runs % WORLD_LIFE === 0) {
      world.scopes.close()
      world = hostileWorld(1)
    }
    world.serve('*', () => ({ answer: ['a.test 60 A 192.0.2.1'] }))
    const listener = LISTENERS[(input[0] ?? 0) % LISTENERS.length] as Listener
    const packet = Buffer.from(input.subarray(1))
    const reply = await world.run(world.send(packet, listener))
    const problem = (reply && faultOf(reply, packet, listener)) ?? world.log.pop()
    world.clearExchanges()
    must(problem === undefined, problem ?? '')
  },
}
