import { expect, test } from 'vitest'
import { Lab } from './kit/lab.ts'

test('R-ROUTE-6: a name goes only to the link that claims its domain', async () => {
  await using lab = await Lab.open({
    links: {
      lan: { zone: { 'www.test': 'A 192.0.2.1' } },
      vpn: { zone: { 'www.corp.test': 'A 192.0.2.2' }, domains: ['~corp.test'] },
    },
  })
  expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.2'])
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  expect(await lab.links.lan.asked()).toEqual(['www.test A'])
  expect(await lab.links.vpn.asked()).toEqual(['www.corp.test A'])
})
