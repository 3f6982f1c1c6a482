import { decode } from '../../../src/netlink/decode.ts'
import { composeRequest, splitMessages } from '../../../src/netlink/message.ts'
import { NetworkState } from '../../../src/netlink/network-state.ts'
import { must, type Target } from '../target.ts'
import { address, attribute, link, nextHop, route, u32 } from '../../unit/netlink/builders.ts'

const GATEWAY = attribute(5, Buffer.of(192, 0, 2, 1))
const SAMPLES = [
  link(16, 2, 0x11043, { name: 'eth0', oper: 6, mtu: 1500 }),
  link(17, 2, 0, { name: 'eth0' }),
  address(20, 2, [192, 0, 2, 5], { own: [192, 0, 2, 5], longFlags: 0x80 }),
  address(21, 2, [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], { prefix: 64 }),
  route(24, {}, GATEWAY, attribute(4, u32(2)), attribute(6, u32(100))),
  route(24, {}, attribute(9, Buffer.concat([nextHop(2, 0, GATEWAY), nextHop(3, 16, GATEWAY)]))),
].map(({ type, payload }) => composeRequest(type, 0, 0, 0, payload))

/** What the kernel tells of links, addresses and routes. */
export const target: Target = {
  name: 'netlink',
  maxLength: 32_768,
  allowance: { time: 1 },
  seeds: () => [...SAMPLES, Buffer.concat(SAMPLES)],
  run(input) {
    const state = new NetworkState()
    for (const message of splitMessages(input)) {
      const change = decode(message)
      if (change === undefined) continue
      state.apply(change)
      if (change.kind === 'routes') state.setRoutes(change.routes)
    }
    must(state.facts() === state.facts(), 'facts are the same while nothing changes')
  },
}
