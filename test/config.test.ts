import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DEFAULT_RESOLVED_SETTINGS, readResolvedConf } from '../src/settings/index.ts'

const CONFIG = join(import.meta.dirname, '../config')
const read = (name: string) => readFileSync(join(CONFIG, name), 'utf8')
const keyLine = /^#(?=[A-Za-z]+=)/gm
const settingsOf = (text: string) => readResolvedConf([{ path: 'resolved.conf', text }], () => undefined)

test.each(['resolved.conf', 'tsresolved.conf'])('%s as shipped changes nothing', (name) => {
  expect(settingsOf(read(name))).toEqual({ settings: DEFAULT_RESOLVED_SETTINGS, warnings: [] })
})

test('they show every key, with the default it has', () => {
  const shown = read('resolved.conf') + read('tsresolved.conf')
  const { settings, warnings } = settingsOf(shown.replaceAll(keyLine, ''))
  expect(warnings).toEqual([])
  expect(settings).toEqual({ ...DEFAULT_RESOLVED_SETTINGS, configuresServersOrDomains: true })
  const others = ['configuresServersOrDomains', 'negativeTrustAnchors'] // told by the keys together, and by other files
  const inForce = Object.keys(settings).filter((key) => !others.includes(key)).length
  const hidden = 2 // sizes of caches that are not there yet
  expect([...shown.matchAll(keyLine)].length).toBe(inForce - hidden)
})
