import type { Clock, Log, Millis } from '../base/index.ts'
import { Polled } from './polled.ts'
import { lookAt, readStamped } from './read-text.ts'

/** Where distributions keep all certificates that the system trusts, as one file (E-NODE-9). */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt', // Debian, Arch, Alpine
  '/etc/pki/tls/certs/ca-bundle.crt', // Fedora, RHEL
  '/etc/ssl/ca-bundle.pem', // SUSE
  '/etc/ssl/cert.pem', // others
]
/** Usual ones have a quarter of a megabyte. */
const MAX_SIZE = 16 << 20
/** An update of the system's certificates is noticed within so long, when there is something to verify. */
const INTERVAL: Millis = 10_000

/** The file is named, so that messages can say which one is empty. */
export interface CertificateBundle {
  readonly path: string
  readonly text: string
}

/** The first bundle that is there, or the one that the environment names, as OpenSSL takes it (E-DOT-5). */
export function rootBundle(
  environment: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  log: Log,
): Polled<CertificateBundle> {
  const named = environment['SSL_CERT_FILE']
  const paths = named === undefined || named === '' ? BUNDLES : [named]
  const initial = { path: paths[0] ?? '', text: '' }
  return new Polled({ look, initial, interval: INTERVAL, clock, log })

  async function look(stamp: string | undefined) {
    for (const path of paths) {
      const next = await lookAt(path)
      if (next === '') continue
      if (`${path} ${next}` === stamp) return undefined
      const found = await readStamped(path, MAX_SIZE)
      if (found !== undefined) return { value: { path, text: found.text }, stamp: `${path} ${found.stamp}` }
    }
    return stamp === '' ? undefined : { value: initial, stamp: '' }
  }
}
