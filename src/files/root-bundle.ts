import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Log, Millis } from '../base/index.ts'
import { Polled } from './polled.ts'
import { FileError, type FileStamp, lookAt, orMissing, readText } from './read-text.ts'

/** Where distributions keep all certificates that the system trusts, as one file (E-NODE-9). */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt', // Debian, Arch, Alpine
  '/etc/pki/tls/certs/ca-bundle.crt', // Fedora, RHEL
  '/etc/ssl/ca-bundle.pem', // SUSE
  '/etc/ssl/cert.pem', // others
]
/** Of all certificates together. Usual bundles have a quarter of a megabyte. */
const MAX_SIZE = 16 << 20
/** An update of the system's certificates is noticed within so long, when there is something to verify. */
const INTERVAL: Millis = 10_000
/** OpenSSL finds a certificate in a directory by a hash of its subject, and a number among equals; other files do not count. */
const HASHED_NAME = /^[0-9a-f]{8}\.\d+$/

/** The place is named, so that messages can say which one is empty. */
export interface CertificateBundle {
  readonly path: string
  readonly text: string
}

/**
 * The first bundle that is there. What the environment names takes its place: the file `SSL_CERT_FILE`, the directories
 * `SSL_CERT_DIR`, or both (E-DOT-5). OpenSSL would go on to trust the usual place of the one that is not named; who names
 * one may want fewer authorities, and gets them.
 */
export function rootBundle(
  environment: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  log: Log,
): Polled<CertificateBundle> {
  const file = environment['SSL_CERT_FILE'] ?? ''
  const directories = (environment['SSL_CERT_DIR'] ?? '').split(':').filter((path) => path !== '')
  const files = file === '' ? (directories.length > 0 ? [] : BUNDLES) : [file]
  const initial = { path: [...files.slice(0, 1), ...directories].join(' and '), text: '' }
  return new Polled({ look, initial, interval: INTERVAL, clock, log })

  async function look(known: FileStamp | undefined) {
    const found = await firstOf(files)
    const stamp = [found?.path, found?.stamp, ...(await Promise.all(directories.map(lookAt)))].join(' ')
    if (stamp === known) return undefined
    const text = (found && (await readText(found.path, MAX_SIZE))) ?? ''
    const path = found === undefined ? initial.path : [found.path, ...directories].join(' and ')
    return { value: { path, text: await withHashed(text, directories) }, stamp }
  }
}

async function firstOf(paths: readonly string[]): Promise<{ path: string; stamp: FileStamp } | undefined> {
  for (const path of paths) {
    const stamp = await lookAt(path)
    if (stamp !== '') return { path, stamp }
  }
  return undefined
}

/** The certificates of the directories behind `text`. */
async function withHashed(text: string, directories: readonly string[]): Promise<string> {
  const texts = [text]
  let left = MAX_SIZE - text.length
  for (const directory of directories) {
    const names = (await orMissing(directory, () => readdirSync(directory))) ?? []
    for (const name of names.filter((each) => HASHED_NAME.test(each)).toSorted()) {
      const more = await certificateIn(join(directory, name), left)
      left -= more.length
      texts.push(more)
    }
  }
  return texts.join('\n')
}

/** One that cannot be read is left out: the chain of a server that needs it will not verify, which says so. */
async function certificateIn(path: string, maxSize: number): Promise<string> {
  try {
    return (await readText(path, maxSize)) ?? ''
  } catch (error) {
    if (error instanceof FileError) return ''
    throw error
  }
}
