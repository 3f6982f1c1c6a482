import type { Listener } from '../../../src/stub/index.ts'
import { CONVERSATIONS, type Conversation } from '../../kit/fixture-messages.ts'
import { faultOf, hostileWorld, serveBytes } from '../../kit/hostile-world.ts'
import { must, type Target } from '../target.ts'

const LISTENERS: readonly Listener[] = [
  { kind: 'main', transport: 'udp' },
  { kind: 'main', transport: 'tcp' },
]
const WORLD_LIFE = 256

let world = hostileWorld(1)
let runs = 0

/** Replies of servers, through the whole resolver, asked twice: the first byte says which question they answer. */
export const target: Target = {
  name: 'upstream',
  maxLength: 16_384,
  // A question with its retries, the reply read, judged, kept, composed and told, twice.
  allowance: { time: 25, memory: 8 << 20 },
  seeds: () => CONVERSATIONS.map(({ reply }, i) => Buffer.concat([Buffer.of(i), reply])),
  async run(input) {
    if (++runs % WORLD_LIFE === 0) {
      world.scopes.close()
      world = hostileWorld(1)
    }
    const which = input[0] ?? 0
    const { query } = CONVERSATIONS[which % CONVERSATIONS.length] as Conversation
    const listener = LISTENERS[which & 1] as Listener
    serveBytes(
      world,
      () => input.subarray(1),
      () => which < 128,
    )
    world.flush()
    for (let asked = 0; asked < 2; asked++) {
      const reply = await world.run(world.send(Buffer.from(query), listener))
      const problem = reply === undefined ? 'no reply' : faultOf(reply, query, listener)
      must(problem === undefined && world.log.length === 0, problem ?? world.log.splice(0).join('\n'))
    }
    world.clearExchanges()
  },
}
