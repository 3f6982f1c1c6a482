import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Lab } from './kit/lab.ts'

test('R-CACHE-16: the second answer comes from the cache, with less time to live', async () => {
  await using lab = await Lab.open({ links: { lan: { zone: { 'www.test': '300 A 192.0.2.1' } } } })
  const began = performance.now()
  expect((await lab.dig('www.test')).answer[0]?.ttl).toBe(300)
  await pause(2100)
  const ttl = (await lab.dig('www.test')).answer[0]?.ttl ?? 0
  expect(ttl).toBeGreaterThanOrEqual(300 - Math.ceil((performance.now() - began) / 1000))
  expect(ttl).toBeLessThan(299)
  expect(await lab.links.lan.asked()).toEqual(['www.test A'])
})

test('R-CACHE-5: no longer than its TTL, and TTL 0 not at all', async () => {
  await using lab = await Lab.open({
    links: { lan: { zone: { 'short.test': '1 A 192.0.2.1', 'zero.test': '0 A 192.0.2.2' } } },
  })
  for (let i = 0; i < 2; i++) await lab.dig('zero.test')
  expect(await lab.links.lan.asked()).toEqual(['zero.test A', 'zero.test A'])
  await lab.dig('short.test')
  await lab.links.lan.upstream.set({ 'short.test': 'A 192.0.2.9' })
  await pause(1100)
  expect((await lab.dig('short.test')).data).toEqual(['192.0.2.9'])
})

test('R-CACHE-7: NXDOMAIN and NODATA are kept as long as the SOA says', async () => {
  const brief = { zone: { 'www.brief.test': 'A 192.0.2.1' }, negativeTtl: 1, domains: ['~brief.test'] }
  const long = { zone: { 'www.long.test': 'A 192.0.2.1' }, negativeTtl: 300, domains: ['~long.test'] }
  await using lab = await Lab.open({ links: { brief, long } })
  const ask = async (link: 'brief' | 'long') => {
    expect((await lab.dig(`none.${link}.test`)).rcode).toBe('NXDOMAIN')
    expect(await lab.dig(`www.${link}.test`, 'MX')).toMatchObject({ rcode: 'NOERROR', data: [] })
    const { upstream } = lab.links[link]
    const asked = await upstream.asked()
    await upstream.forget()
    return [...new Set(asked)]
  }
  const both = (link: string) => [`none.${link}.test A`, `www.${link}.test MX`]
  expect([await ask('brief'), await ask('long')]).toEqual([both('brief'), both('long')])
  await pause(1100)
  expect([await ask('brief'), await ask('long')]).toEqual([both('brief'), []])
})

test('R-CACHE-2: NXDOMAIN answers for all types', async () => {
  await using lab = await Lab.open({ links: { lan: { zone: {} } } })
  await lab.dig('none.test')
  await lab.links.lan.upstream.forget()
  expect((await lab.dig('none.test', 'AAAA')).rcode).toBe('NXDOMAIN')
  expect(await lab.links.lan.asked()).toEqual([])
})

test('R-CACHE-8: SERVFAIL is remembered for a moment', async () => {
  await using lab = await Lab.open({ links: { lan: { zone: { 'www.test': 'A 192.0.2.1' } } } })
  await lab.links.lan.upstream.on({}, { rcode: 'SERVFAIL' })
  expect((await lab.dig('www.test')).rcode).toBe('SERVFAIL')
  await lab.links.lan.upstream.forget()
  expect((await lab.dig('www.test')).rcode).toBe('SERVFAIL')
  expect(await lab.links.lan.asked()).toEqual([])
})

test('R-CACHE-10: Cache=no', async () => {
  await using lab = await Lab.open({ links: { lan: { zone: { 'www.test': 'A 192.0.2.1' } } }, config: 'Cache=no' })
  for (let i = 0; i < 3; i++) await lab.dig('www.test')
  expect(await lab.links.lan.asked()).toEqual(['www.test A', 'www.test A', 'www.test A'])
})

test('R-CACHE-1: each link has its own', async () => {
  const links = {
    lan: { zone: { 'www.test': 'A 192.0.2.1' } },
    vpn: { zone: { 'www.test': 'A 192.0.2.2' }, defaultRoute: false },
  }
  await using lab = await Lab.open({ links })
  const first = async () => (await lab.dig('www.test')).data
  expect(await first()).toEqual(['192.0.2.1'])
  await lab.resolvectl('domain', 'vpn', '~test')
  expect(await first()).toEqual(['192.0.2.2'])
  await lab.resolvectl('revert', 'vpn')
  expect(await first()).toEqual(['192.0.2.1'])
})
