import type { World } from './world.ts'

/** Packets that left or reached the host, by link and port of the other end: `{ lan: { 53: 0, 853: 12 } }`. */
export type PacketCounts = Readonly<Record<string, Readonly<Record<string, number>>>>

/** Sees every packet of the host to port 53 or 853 of anybody, whichever program sent it, on every link but `lo`. */
export class PacketCounter {
  readonly #tell: (line: string) => void
  readonly #waiting: ((counts: PacketCounts) => void)[]

  private constructor(tell: (line: string) => void, waiting: ((counts: PacketCounts) => void)[]) {
    this.#tell = tell
    this.#waiting = waiting
  }

  static async open(world: World): Promise<PacketCounter> {
    const waiting: ((counts: PacketCounts) => void)[] = []
    const onLine = (line: string) => waiting.shift()?.(JSON.parse(line) as PacketCounts)
    const program = await world.start('packet counter', ['python3', '-uc', COUNTER], { onLine, until: /^counting$/ })
    return new PacketCounter((line) => program.send(line), waiting)
  }

  counts(): Promise<PacketCounts> {
    const counts = new Promise<PacketCounts>((resolve) => this.#waiting.push(resolve))
    this.#tell('?')
    return counts
  }

  /** Packets to `port`, on all links or on one. */
  async to(port: 53 | 853, link?: string): Promise<number> {
    const counts = Object.entries(await this.counts()).filter(([name]) => link === undefined || name === link)
    return counts.reduce((sum, [, byPort]) => sum + (byPort[port] ?? 0), 0)
  }
}

const COUNTER = `
import json, select, socket, struct, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
s.setblocking(False)
counts = {}
def look(packet, link):
    if len(packet) < 24: return
    version = packet[0] >> 4
    protocol, at = (packet[9], (packet[0] & 15) * 4) if version == 4 else (packet[6], 40)
    if protocol not in (6, 17) or len(packet) < at + 4: return
    to = struct.unpack('!H', packet[at + 2:at + 4])[0]
    if to in (53, 853): counts.setdefault(link, {}).setdefault(to, 0); counts[link][to] += 1
def drain():
    while True:
        try: packet, where = s.recvfrom(65536)
        except BlockingIOError: return
        if where[0] != 'lo' and where[2] == 4: look(packet, where[0])
print('counting')
while True:
    ready, _, _ = select.select([s, sys.stdin], [], [])
    drain()
    if sys.stdin in ready:
        if not sys.stdin.readline(): break
        drain()
        print(json.dumps(counts))
`
