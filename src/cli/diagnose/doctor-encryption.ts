import type { Finding, LinkView } from './doctor-findings.ts'
import { addressOf, isFailing } from './doctor-servers.ts'

/** Where plaintext is not allowed, and encryption does not work: what is wrong, and what helps. */
export function checkEncryption(links: readonly LinkView[]): Finding[] {
  return links.flatMap((link) =>
    link.servers.flatMap(({ server, encryption }): Finding[] => {
      if (encryption === undefined || !isFailing(encryption)) return []
      const { channel, failure = '' } = encryption
      const works = link.servers.some((other) => other.encryption !== undefined && !isFailing(other.encryption))
      const what = `DNS server ${server} of ${link.scope} cannot be asked over ${channel.toUpperCase()}, and is not asked in plaintext: ${failure}.`
      const repair = encryptionRepair(failure, link, addressOf(server))
      return [{ check: 'encryption', level: works ? 'warning' : 'problem', what, repair }]
    }),
  )
}

/** By the words of the daemon, of which each names one cause (E-NODE-12). */
function encryptionRepair(failure: string, link: LinkView, address: string): string {
  if (failure.includes('clock of this machine')) return 'timedatectl status'
  const isAuthority = failure.includes('authority that this system does not trust') || failure.includes('itself')
  if (isAuthority) return 'cp ITS-AUTHORITY.crt /usr/local/share/ca-certificates/ && update-ca-certificates'
  if (failure.includes('holds no certificate')) return 'apt-get install --reinstall ca-certificates'
  if (link.ifindex === undefined) return 'edit DNS= and DNSOverTLS= in /etc/systemd/resolved.conf'
  // Not the name that the certificate shows: a portal, or somebody else on the way, may have shown it.
  if (failure.includes(', not for ')) return `tsresolvectl dns ${link.name} ${address}#ITS-NAME`
  return `tsresolvectl dnsovertls ${link.name} no`
}
