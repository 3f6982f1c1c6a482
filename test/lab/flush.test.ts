import { expect, test } from 'vitest'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'

const lan = { zone: { 'www.test': 'A 192.0.2.1' } }
const vpn = { zone: { 'www.corp.test': 'A 192.0.2.2' }, domains: ['~corp.test'] }

/** A lab where both links have answered once, and the answers come from the cache. */
async function warm() {
  const lab = await Lab.open({ links: { lan, vpn } })
  for (const name of ['www.test', 'www.corp.test', 'www.test', 'www.corp.test']) await lab.dig(name)
  expect(await lab.links.lan.asked()).toEqual(['www.test A'])
  expect(await lab.links.vpn.asked()).toEqual(['www.corp.test A'])
  await lab.links.vpn.upstream.set({ 'www.corp.test': 'A 192.0.2.99' })
  return lab
}

test('R-LINK-5: what a link taught is gone with the link', async () => {
  await using lab = await warm()
  await lab.links.vpn.delete()
  await eventually(async () => expect((await lab.dig('www.corp.test')).rcode).toBe('NXDOMAIN'))
  expect(await lab.links.lan.asked()).toContain('www.corp.test A')
})

test('R-LINK-5, R-LINK-6: a link that was down starts empty, with its settings', async () => {
  await using lab = await warm()
  await lab.links.vpn.down()
  await eventually(async () => expect((await lab.dig('www.corp.test')).data).toEqual([]))
  await lab.links.vpn.up()
  await eventually(async () => expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.99']))
  expect(await lab.resolvectl('domain', 'vpn')).toContain('~corp.test')
})

test('R-LINK-3: a link without carrier starts empty too', async () => {
  await using lab = await warm()
  await lab.links.vpn.unplug()
  await eventually(async () => expect((await lab.dig('www.corp.test')).data).toEqual([]))
})

test.skipIf(original)('R-LINK-8, better: losing the last usable address ends the scope at once', async () => {
  await using lab = await warm()
  await lab.links.vpn.removeAddresses()
  await eventually(async () => expect((await lab.dig('www.corp.test')).data).toEqual([]))
  await lab.links.vpn.addAddresses()
  await eventually(async () => expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.99']))
})

test('R-LINK-7: a new link of the same name inherits nothing', async () => {
  await using lab = await warm()
  await lab.links.vpn.delete()
  await eventually(async () => expect((await lab.dig('www.corp.test')).data).toEqual([]))
  await lab.links.vpn.create()
  await eventually(async () => expect(await lab.resolvectl('domain', 'vpn')).not.toContain('corp.test'))
  expect((await lab.dig('www.corp.test')).data).toEqual([])
})

test('R-LINK-1: a renamed link keeps its settings', async () => {
  await using lab = await warm()
  await lab.ip('link set vpn down', 'link set vpn name wire', 'link set wire up')
  await eventually(async () => expect(await lab.resolvectl('domain', 'wire')).toContain('(wire): ~corp.test'))
  await eventually(async () => expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.99']))
})

test('R-CACHE-20: another server, another cache', async () => {
  await using lab = await warm()
  await lab.resolvectl('dns', 'vpn', lab.links.vpn.server2)
  expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.99'])
  expect((await lab.links.vpn.upstream.questions()).at(-1)?.to).toBe(lab.links.vpn.server2)
})

test('R-CACHE-23, better or equal: after revert its names are asked elsewhere', async () => {
  await using lab = await warm()
  await lab.resolvectl('revert', 'vpn')
  expect((await lab.dig('www.corp.test')).rcode).toBe('NXDOMAIN')
})

test('a link that gains a domain ends what others had answered below it', async () => {
  await using lab = await Lab.open({ links: { lan, vpn: { ...vpn, domains: ['~other.test'] } } })
  expect((await lab.dig('www.corp.test')).rcode).toBe('NXDOMAIN')
  await lab.resolvectl('domain', 'vpn', '~corp.test')
  expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.2'])
  expect(await lab.links.lan.asked()).toContain('www.corp.test A')
})

test.skipIf(original)('and when it loses that domain again, the old answer has not waited there', async () => {
  const seen = { ...lan, zone: { 'www.corp.test': 'A 192.0.2.77' } }
  await using lab = await Lab.open({ links: { lan: seen, vpn: { ...vpn, domains: ['~other.test'] } } })
  expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.77'])
  await lab.resolvectl('domain', 'vpn', '~corp.test')
  await lab.links.lan.upstream.set({ 'www.corp.test': 'A 192.0.2.78' })
  await lab.resolvectl('domain', 'vpn', '~other.test')
  expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.78'])
})

test('R-CACHE-22: flush-caches empties every scope', async () => {
  await using lab = await warm()
  await lab.resolvectl('flush-caches')
  expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.99'])
  await lab.dig('www.test')
  expect(await lab.links.lan.asked()).toEqual(['www.test A', 'www.test A'])
})

test('R-PROC-1: SIGUSR2 empties every scope', async () => {
  await using lab = await warm()
  await lab.daemon.signal('SIGUSR2')
  await eventually(async () => expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.99']))
})

test.skipIf(original)(
  'R-PROC-1: SIGHUP empties every scope, reads the settings again and keeps those of the bus',
  async () => {
    await using lab = await warm()
    await lab.links.lan.upstream.set({ 'www.other.test': 'A 192.0.2.4' })
    await lab.write(
      '/etc/systemd/resolved.conf.d/10.conf',
      `[Resolve]\nDNS=${lab.links.lan.server2}\nDomains=~other.test\n`,
    )
    await lab.daemon.signal('SIGHUP')
    await eventually(async () => expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.99']))
    expect((await lab.dig('www.other.test')).data).toEqual(['192.0.2.4'])
    expect((await lab.links.lan.upstream.questions()).at(-1)?.to).toBe(lab.links.lan.server2)
  },
)

test.skipIf(original)('a question in flight during a reload got no answer', async () => {
  await using lab = await Lab.open({ links: { lan, vpn } })
  await lab.links.vpn.upstream.on({}, { hold: true })
  const pending = lab.dig('www.corp.test')
  await eventually(async () => expect(await lab.links.vpn.asked()).toContain('www.corp.test A'))
  await lab.write('/etc/systemd/resolved.conf.d/10.conf', '[Resolve]\nRefuseRecordTypes=MX\n')
  await lab.daemon.signal('SIGHUP')
  await eventually(async () => expect((await lab.dig('www.test', 'MX')).rcode).toBe('REFUSED'))
  await lab.links.vpn.upstream.release()
  expect((await pending).data).toEqual(['192.0.2.2'])
  await lab.write('/etc/systemd/resolved.conf.d/10.conf', '[Resolve]\nDNSStubListenerExtra=127.0.0.77:5300\n')
  await lab.daemon.signal('SIGHUP')
  const extra = ['@127.0.0.77', '-p', '5300'] as const
  await eventually(async () => expect((await lab.dig('www.test', 'A', ...extra)).data).toEqual(['192.0.2.1']))
})

test('a question in flight when its link goes is answered in good time, and its answer is not kept', async () => {
  await using lab = await Lab.open({ links: { lan, vpn } })
  await lab.links.vpn.upstream.on({}, { hold: true })
  const pending = lab.dig('www.corp.test')
  await eventually(async () => expect(await lab.links.vpn.asked()).toContain('www.corp.test A'))
  await lab.links.vpn.delete()
  expect((await pending).rcode).toMatch(/SERVFAIL|NXDOMAIN|REFUSED/)
  await lab.links.vpn.upstream.release()
  expect((await lab.dig('www.corp.test')).data).toEqual([])
})

test('a question in flight to a server that is no longer configured cannot fill the cache', async () => {
  await using lab = await Lab.open({ links: { lan, vpn } })
  const { server, server2, upstream } = lab.links.vpn
  await upstream.on({ to: server }, { hold: true, zone: { 'www.corp.test': 'A 192.0.2.13' } })
  const pending = lab.dig('www.corp.test')
  await eventually(async () => expect(await lab.links.vpn.asked()).toContain('www.corp.test A'))
  await lab.resolvectl('dns', 'vpn', server2)
  await upstream.release()
  await pending
  expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.2'])
})
