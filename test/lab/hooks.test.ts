import { expect, test } from 'vitest'
import { eventually } from './kit/eventually.ts'
import { HOOK_DIRECTORY, startHook } from './kit/hook.ts'
import { Lab, original } from './kit/lab.ts'

const one = { links: { lan: { zone: { 'www.test': '300 A 192.0.2.53', 'web.lan.test': '300 A 192.0.2.53' } } } }
const leases = {
  domains: ['lan.test'],
  records: {
    'web.lan.test A': ['web.lan.test 60 A 192.0.2.1'],
    'alias.lan.test A': ['alias.lan.test 60 CNAME www.test'],
  },
}

test.skipIf(original)('H-ORD-1: what a hook says reaches every client, and no server is asked', async () => {
  await using lab = await Lab.open(one)
  await startHook(lab, 'io.systemd.Network', leases)
  await eventually(async () => expect((await lab.dig('web.lan.test')).data).toEqual(['192.0.2.1']))
  expect((await lab.dig('web.lan.test', 'A', '@127.0.0.54')).data).toEqual(['192.0.2.1'])
  expect((await lab.dig('web.lan.test', 'A', '+dnssec')).data).toEqual(['192.0.2.1'])
  expect(await lab.resolvectl('query', '--legend=no', 'web.lan.test')).toContain('192.0.2.1')
  expect(await lab.run(['getent', 'ahostsv4', 'web.lan.test'])).toContain('192.0.2.1')
  expect((await lab.dig('nobody.lan.test')).rcode).toBe('NXDOMAIN')
  expect(await lab.links.lan.asked()).not.toContain('nobody.lan.test A')
})

test.skipIf(original)('H-WIN-7: a name that a hook has for IPv4 alone does not vanish for IPv6', async () => {
  await using lab = await Lab.open(one)
  await startHook(lab, 'io.systemd.Network', leases)
  await eventually(async () => expect((await lab.dig('web.lan.test')).data).toEqual(['192.0.2.1']))
  expect(await lab.dig('web.lan.test', 'AAAA')).toMatchObject({ rcode: 'NOERROR', data: [] })
})

test.skipIf(original)('H-WIN-5: a CNAME of a hook leads to a name of DNS', async () => {
  await using lab = await Lab.open(one)
  await startHook(lab, 'io.systemd.Network', leases)
  await eventually(async () => {
    expect((await lab.dig('alias.lan.test')).data).toEqual(['www.test.', '192.0.2.53'])
  })
})

test.skipIf(original)(
  'H-DIR-3, H-DIR-1: a hook that comes and goes changes answers that were replayed from memory',
  async () => {
    await using lab = await Lab.open(one)
    for (const _each of [1, 2]) expect((await lab.dig('web.lan.test')).data).toEqual(['192.0.2.53'])
    const hook = await startHook(lab, 'io.systemd.Network', leases)
    await eventually(async () => expect((await lab.dig('web.lan.test')).data).toEqual(['192.0.2.1']))
    await hook.signal('SIGKILL') // the socket stays, and nobody listens
    await hook.exited
    await eventually(async () => expect((await lab.dig('web.lan.test')).data).toEqual(['192.0.2.53']))
    await lab.run(['rm', `${HOOK_DIRECTORY}/io.systemd.Network`])
    await startHook(lab, 'io.systemd.Network', leases)
    await eventually(async () => expect((await lab.dig('web.lan.test')).data).toEqual(['192.0.2.1']))
  },
)

test.skipIf(original)('H-RR-4: a hook that hangs costs two seconds once, and why names it', async () => {
  await using lab = await Lab.open(one)
  await startHook(lab, 'org.example.Hangs', { isSilent: true })
  await eventually(async () => {
    await lab.dig('www.test')
    expect(await lab.tsresolvectl('why', 'www.test')).toMatch(/org\.example\.Hangs \(gave no reply in time, left out\)/)
  })
  const took = await lab.dig('www.test')
  expect(took.data).toEqual(['192.0.2.53'])
  expect(lab.world.log.filter((line) => /Hook org\.example\.Hangs/.test(line))).toHaveLength(1)
})

test.skipIf(original)('why blames the hook that hangs, and not the server that answered at once', async () => {
  await using lab = await Lab.open(one)
  await startHook(lab, 'org.example.Hangs', { isSilent: true })
  let story = ''
  await eventually(async () => {
    story = await lab.tsresolvectl('why', 'www.test')
    expect(story).toContain('asked first, as it takes the name: org.example.Hangs')
  })
  expect(story).toMatch(/Cause: .*but only after \d.*: the lookup hook org\.example\.Hangs gave no reply in time\./)
  expect(story).not.toContain('tsresolvectl dns')
})

test.skipIf(original)('H-DIR-4: SYSTEMD_RESOLVED_HOOK=0 does without hooks', async () => {
  await using lab = await Lab.open({ ...one, start: false })
  await startHook(lab, 'io.systemd.Network', leases)
  lab.daemon.environment.push('SYSTEMD_RESOLVED_HOOK=0')
  await lab.daemon.start()
  await lab.configureLinks()
  expect((await lab.dig('web.lan.test')).data).toEqual(['192.0.2.53'])
})

test.skipIf(original)('why says that a hook answers', async () => {
  await using lab = await Lab.open(one)
  await startHook(lab, 'io.systemd.Network', leases)
  await eventually(async () => {
    const text = await lab.tsresolvectl('why', 'web.lan.test')
    expect(text).toContain('lookup hooks')
    expect(text).toContain('Cause: A lookup hook, a program on this machine, answers for web.lan.test')
  })
})
