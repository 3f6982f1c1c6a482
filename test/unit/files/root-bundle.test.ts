import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { rootBundle } from '../../../src/files/index.ts'
import { lay, recordingLog, scratch, stillClock } from './kit.ts'

/** Which of the certificates below are trusted, and what messages name. `@` stands for the directory. */
async function trusted(environment: Record<string, string>, files: Record<string, string>) {
  const root = scratch()
  await lay(root, files)
  const entries = Object.entries(environment).map(([key, value]) => [key, value.replaceAll('@', root)])
  const { log, lines } = recordingLog()
  const clock = stillClock()
  const bundle = rootBundle(Object.fromEntries(entries) as Record<string, string>, clock, log)
  const look = async () => {
    const { path, text } = await bundle.current()
    return { path: path.replaceAll(root, '@'), certificates: text.match(/\b[A-Z]+\b/g) ?? [] }
  }
  return { root, clock, lines, look, bundle }
}

const FILES = {
  'own.pem': 'OWN',
  'cas/5ed36f99.0': 'FIRST',
  'cas/5ed36f99.1': 'SECOND',
  'cas/README': 'README',
  'cas/ca.pem': 'UNHASHED',
  'cas/gone00.0': 'MISNAMED',
  'more/00000000.0': 'THIRD',
}

test.each([
  ['the file that SSL_CERT_FILE names', { SSL_CERT_FILE: '@/own.pem' }, '@/own.pem', ['OWN']],
  ['none where that file is missing', { SSL_CERT_FILE: '@/none.pem' }, '@/none.pem', []],
  ['none where it is masked', { SSL_CERT_FILE: '/dev/null' }, '/dev/null', []],
  ['what is hashed in SSL_CERT_DIR, and no more', { SSL_CERT_DIR: '@/cas' }, '@/cas', ['FIRST', 'SECOND']],
  ['several directories', { SSL_CERT_DIR: '@/more:@/cas' }, '@/more and @/cas', ['THIRD', 'FIRST', 'SECOND']],
  ['none where the directory is missing', { SSL_CERT_DIR: '@/none' }, '@/none', []],
  [
    'both where both are named',
    { SSL_CERT_FILE: '@/own.pem', SSL_CERT_DIR: '@/more' },
    '@/own.pem and @/more',
    ['OWN', 'THIRD'],
  ],
])('E-DOT-5: servers are verified against %s', async (_, environment, path, certificates) => {
  const { look, lines } = await trusted(environment, FILES)
  expect(await look()).toEqual({ path, certificates })
  expect(lines).toEqual([])
})

test('E-DOT-5: an empty variable names nothing', async () => {
  const { look } = await trusted({ SSL_CERT_FILE: '', SSL_CERT_DIR: '' }, {})
  expect((await look()).path).toMatch(/^\/etc\//)
})

test('a certificate in a directory that cannot be read is left out, and the others are trusted', async () => {
  const { root, look, lines } = await trusted({ SSL_CERT_DIR: '@/cas' }, FILES)
  await mkdir(join(root, 'cas/00000001.0'))
  expect((await look()).certificates).toEqual(['FIRST', 'SECOND'])
  expect(lines).toEqual([])
})

test('E-NODE-9: a new certificate in a directory is noticed within ten seconds, and the bundle stays the same object till then', async () => {
  const { root, clock, look, bundle } = await trusted({ SSL_CERT_DIR: '@/cas' }, FILES)
  await look()
  const before = bundle.value
  clock.advance(10_000)
  await look()
  expect(bundle.value).toBe(before)
  await writeFile(join(root, 'cas/ffffffff.0'), 'NEW')
  clock.advance(9_999)
  expect((await look()).certificates).not.toContain('NEW')
  clock.advance(1)
  expect((await look()).certificates).toContain('NEW')
})
