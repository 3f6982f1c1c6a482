import { expect, test } from 'vitest'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'
import { inside } from './kit/world.ts'

const canChangeUser = process.getuid?.() === 0

/** Wants 2000 questions open that nobody answers, each from a port of its own, and asks anew for each that ends. */
const flood = `
import resource, select, socket, time
limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
poll, waiting, asked = select.poll(), {}, 0
while True:
    for _ in range(min(40, 2000 - len(waiting))):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.connect(('127.0.0.53', 53))
        asked += 1
        label = b'f%d' % asked
        s.send(b'\\0\\0\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0' + bytes([len(label)]) + label + b'\\5flood\\4test\\0\\0\\1\\0\\1')
        poll.register(s, select.POLLIN)
        waiting[s.fileno()] = (s, time.monotonic())
    for fd, _ in poll.poll(20):
        poll.unregister(fd)
        s, since = waiting.pop(fd)
        if time.monotonic() - since < 1: print('refused at once', flush=True)
        s.close()
    time.sleep(0.02)
`

async function doctor(lab: Lab): Promise<readonly { check: string; level: string }[]> {
  const argv = [inside.node, `${inside.repo}/dist/cli/main.js`, 'doctor', '--json=short']
  return JSON.parse((await lab.tryRun(argv)).stdout) as { check: string; level: string }[]
}

test.skipIf(original || !canChangeUser)(
  'a flood of one user from ever new ports: what others ask for the first time is answered',
  async () => {
    await using lab = await Lab.open({
      links: { lan: { zone: { 'known.test': 'A 192.0.2.1', '*.test': 'A 192.0.2.2' } } },
    })
    await lab.links.lan.upstream.on({ name: 'flood.test' }, { drop: true })
    await lab.dig('known.test')
    const nobody = ['setpriv', '--reuid', '65534', '--clear-groups']
    const attack = await lab.world.start('flood', [...nobody, 'python3', '-uc', flood], { until: /refused at once/ })
    const asNobody = [...nobody, 'dig', '+tries=1', '+timeout=4', '@127.0.0.53']
    let asked = 0
    await eventually(async () => expect(await lab.run([...asNobody, `own${asked++}.test`])).toContain('EDE: 14'))
    for (let i = 0; i < 10; i++) expect((await lab.dig(`n${i}.test`)).data).toEqual(['192.0.2.2'])
    expect(await lab.run([...asNobody, 'known.test'])).toContain('192.0.2.1')
    expect(await doctor(lab)).toContainEqual(expect.objectContaining({ check: 'overload', level: 'problem' }))
    await attack.stop()
    await lab.tsresolvectl('reset-statistics')
    expect((await doctor(lab)).map(({ check }) => check)).not.toContain('overload')
  },
)
