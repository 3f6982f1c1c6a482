import { expect, test } from 'vitest'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'

const canChangeUser = process.getuid?.() === 0
const TRUE = '192.0.2.1'
const FORGED = '192.0.2.66'
const lan = { zone: { '*.test': `A ${TRUE}` } }
const nobody = ['setpriv', '--reuid', '65534', '--clear-groups']

/** Off-path, in the name of the server: a reply with each ID to the port given. */
const SPRAY = `
import socket, struct, sys
port, name = int(sys.argv[1]), sys.argv[2]
source, target = socket.inet_aton('10.53.1.1'), socket.inet_aton('10.53.1.100')
question = b''.join(bytes([len(label)]) + label.encode() for label in name.split('.')) + b'\\0\\0\\1\\0\\1'
rest = struct.pack('!5H', 0x8180, 1, 1, 0, 0) + question + b'\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\xff\\xff\\0\\4' + bytes([192, 0, 2, 66])
size = 8 + 2 + len(rest)
ip = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + size, 0, 0, 64, 17, 0, source, target)
udp = struct.pack('!4H', 53, port, size, 0)
out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
for id in range(65536):
    out.sendto(ip + udp + struct.pack('!H', id) + rest, ('10.53.1.100', 0))
print('sprayed', flush=True)
`

/** Takes every port that the daemon may draw, but for four, and says so. */
const HOARD = `
import os, socket, sys
left = {40000, 40001, 40002, 40003}
ready, tell = os.pipe()
# Each process may have 20,000 files or so.
for first in range(16384, 65536, 12288):
    if os.fork() > 0: continue
    os.close(ready)
    held = []
    for port in range(first, first + 12288):
        if port in left: continue
        held.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        try: held[-1].bind(('0.0.0.0', port))
        except OSError: pass
    os.write(tell, b'x')
    sys.stdin.read()
    os._exit(0)
for _ in range(4): os.read(ready, 1)
print('hoarded', flush=True)
sys.stdin.read()
`

/** The port that a question to the server waits at, as every local user can read it. */
async function portOfQuestion(lab: Lab): Promise<number> {
  return eventually(async () => {
    const table = await lab.run([...nobody, 'cat', '/proc/net/udp'])
    const [, hex] = /\S+:([0-9A-F]{4}) 0101350A:0035 /.exec(table) ?? []
    if (hex === undefined) throw new Error(`no question is out:\n${table}`)
    return Number.parseInt(hex, 16)
  })
}

async function stateOf(lab: Lab): Promise<{ Mismatches: number; Guesses: number }> {
  const states = JSON.parse(await lab.tsresolvectl('show-server-state', '--json=short')) as {
    Learnt: { Mismatches: number; Guesses: number }
  }[]
  return states[0]?.Learnt ?? { Mismatches: -1, Guesses: -1 }
}

test.skipIf(original || !canChangeUser)(
  'R-SRV-7: 65,536 IDs at the port of the question, which a local user has read: TCP decides',
  async () => {
    await using lab = await Lab.open({ links: { lan } })
    await lab.links.lan.upstream.on({ name: 'bank.test', transport: 'udp' }, { hold: true })
    for (const name of ['a.bank.test', 'b.bank.test']) {
      const asked = lab.dig(name)
      const port = await portOfQuestion(lab)
      await lab.links.lan.start(['python3', '-c', SPRAY, String(port), name], { until: /sprayed/ })
      expect((await asked).data).toEqual([TRUE])
    }
    const { Mismatches, Guesses } = await stateOf(lab)
    expect([Guesses, Mismatches < 100]).toEqual([2, true])
    expect((await lab.dig('a.bank.test')).data).toEqual([TRUE])
    expect(lab.daemon.notices.join('\n')).not.toContain(FORGED)
  },
  60_000,
)

test.skipIf(original || !canChangeUser)(
  'R-SRV-7: who takes all ports but four does not know the port of any question',
  async () => {
    await using lab = await Lab.open({ links: { lan } })
    const ports = ['sh', '-c', 'ulimit -n $(ulimit -Hn); exec "$@"', 'sh', ...nobody, 'python3', '-c', HOARD]
    const hoard = await lab.world.start('hoard', ports, { until: /hoarded/ })
    for (let i = 0; i < 30; i++) expect((await lab.dig(`n${i}.test`)).data).toEqual([TRUE])
    const { upstream } = lab.links.lan
    const byUdp = (await upstream.questions()).filter(({ transport }) => transport === 'udp')
    expect(byUdp.map(({ port }) => port).filter((port) => port >= 40_000 && port <= 40_003)).toEqual([])
    expect((await upstream.questions()).filter(({ transport }) => transport === 'tcp').length).toBeGreaterThan(20)
    await hoard.stop()
    await upstream.forget()
    for (let i = 0; i < 40; i++) await lab.dig(`after${i}.test`)
    expect((await upstream.questions()).at(-1)?.transport).toBe('udp')
  },
  60_000,
)

test.skipIf(original)(
  'R-SRV-17: 400 spellings, options and flags of one question are one message (birthday)',
  async () => {
    await using lab = await Lab.open({ links: { lan } })
    const { upstream } = lab.links.lan
    await upstream.on({ name: 'bank.test' }, { hold: true })
    await lab.run(['python3', '-c', BIRTHDAY])
    const out = (await upstream.questions()).filter(({ name }) => name.toLowerCase() === 'www.bank.test')
    expect(out.length).toBeGreaterThan(0)
    expect(new Set(out.map(({ port, id }) => `${port} ${id}`)).size).toBeLessThanOrEqual(3) // the question, and again as it is slow
    await upstream.release()
  },
)

/** Asks for one name in 400 ways at once, and waits for no answer. */
const BIRTHDAY = `
import random, socket, struct
for i in range(400):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    labels = [''.join(random.choice([c.lower(), c.upper()]) for c in label) for label in ('www', 'bank', 'test')]
    name = b''.join(bytes([len(label)]) + label.encode() for label in labels) + b'\\0'
    option = struct.pack('!HHH', 65001, 2, i)
    opt = b'\\0' + struct.pack('!HHIH', 41, 1232, 0x8000 * (i % 2), len(option)) + option
    s.sendto(struct.pack('!6H', i, 0x0100 | 0x10 * (i // 2 % 2), 1, 0, 0, 1) + name + b'\\0\\1\\0\\1' + opt, ('127.0.0.53', 53))
`
