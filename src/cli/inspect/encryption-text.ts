import type { MONITOR_INTERFACE, Reply } from '../../varlink-idl/index.ts'
import { timeSpan } from '../terminal/layout.ts'

type Learnt = NonNullable<Reply<typeof MONITOR_INTERFACE, 'DumpServerState'>['dump'][number]['Learnt']>
export type Encryption = NonNullable<Learnt['Encryption']>

const STATES: ReadonlyMap<string, string> = new Map([
  ['untried', 'not tried yet'],
  ['refused', 'in plaintext, as the port is closed'],
  ['silent', 'in plaintext, as nothing answers on the port'],
  ['broken', 'in plaintext, as the handshake fails'],
])

/** `strict, over TLS, TLSv1.3 verified as dns.example, connected for 3s`: how one server is asked, and why not better. */
export function encryptionText(encryption: Encryption): string {
  const { channel, mode, at, state, failure } = encryption
  const parts = [
    `${mode}, over ${channel.toUpperCase()}${at === undefined ? '' : ` at ${at}`}`,
    STATES.get(state) ?? connectionText(encryption),
  ]
  return [...parts, failure === undefined ? '' : `last failure: ${failure}`].filter((part) => part !== '').join(', ')
}

/** `4 handshakes, 3 of them resumed; 1 failed`. */
export function handshakesText({ handshakes, resumptions, failures }: Encryption): string {
  return `${handshakes} handshakes, ${resumptions} of them resumed; ${failures} failures`
}

function connectionText({ version, verifiedAs, open, ageUSec }: Encryption): string {
  if (version === undefined) return ''
  const identity = verifiedAs === undefined ? 'not verified' : `verified as ${verifiedAs}`
  const age = open && ageUSec !== undefined ? `connected for ${timeSpan(ageUSec)}` : 'not connected now'
  return `${version} ${identity}, ${age}`
}
