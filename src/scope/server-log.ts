import type { Log } from '../base/index.ts'
import type { DnssecMode } from '../settings/index.ts'
import type { Upstream, Upstreams } from '../upstream/index.ts'

const NOT_ASKED = 'it is not asked, as DNSSEC=yes demands validation'
const NOT_VALIDATED = 'its answers are NOT validated where no other server is left, as DNSSEC=allow-downgrade permits'

/** The scope they belong to, as it is when something happens. */
interface Told {
  readonly label: () => string
  readonly dnssec: () => DnssecMode
}

/** Tells an operator what changes about the servers of a scope: once for each change, never for each question. */
export function logServers(upstreams: Upstreams, { label: scope, dnssec }: Told, log: Log): void {
  upstreams.onHealthChanged = ({ label }, health) => {
    log.info(() => `${scope()}: ${healthText(label, health, upstreams.all)}`)
  }
  upstreams.onGuessing = ({ label, counts }) => {
    if (counts.guesses > 1) return
    log.warning(
      `${scope()}: replies in the name of DNS server ${label} do not match the question: somebody may be guessing, ` +
        'and the question was asked by TCP (told once, counted in show-server-state)',
    )
  }
  upstreams.onDnssecNews = ({ label }, { isGood, text }) => {
    const line = `${scope()}: DNS server ${label} ${text}`
    if (isGood) log.info(line)
    else log.warning(`${line}, so it cannot do DNSSEC: ${dnssec() === 'yes' ? NOT_ASKED : NOT_VALIDATED}`)
  }
  upstreams.onEncryptionNews = ({ label }, { isGood, text }) => {
    const line = `${scope()}: DNS server ${label} ${text}`
    if (isGood) log.info(line)
    else log.warning(line)
  }
}

/** A server that is left or taken back, and whether any is left. */
function healthText(label: string, health: 'silent' | 'unreachable' | 'back', all: readonly Upstream[]): string {
  if (health === 'back') return `DNS server ${label} answers again.`
  const why = health === 'silent' ? 'does not answer' : 'cannot be reached, says the network'
  const isLast = all.every(({ liveness }) => liveness.state === 'out')
  return `DNS server ${label} ${why}. ${isLast ? 'No server is left that answers.' : 'The others are asked first.'}`
}
