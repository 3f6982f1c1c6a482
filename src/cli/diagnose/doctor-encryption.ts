import type { Finding, LinkView, ServerLine } from './doctor-findings.ts'
import { addressOf, isFailing, placeOf } from './doctor-servers.ts'

/** Where plaintext is not allowed, and encryption does not work: what is wrong, and what helps. */
export function checkEncryption(links: readonly LinkView[], lines: readonly ServerLine[]): Finding[] {
  return links.flatMap((link) =>
    link.servers.flatMap(({ server, encryption }): Finding[] => {
      if (encryption === undefined || !isFailing(encryption)) return []
      const { channel, failure = '' } = encryption
      const works = link.servers.some((other) => other.encryption !== undefined && !isFailing(other.encryption))
      const what = `DNS server ${server} of ${link.scope} cannot be asked over ${channel.toUpperCase()}, and is not asked in plaintext: ${failure}.`
      const repair = encryptionRepair(failure, link, addressOf(server), channel, lines)
      return [{ check: 'encryption', level: works ? 'warning' : 'problem', what, repair }]
    }),
  )
}

/** A resolver that a server designates, and that has not proven to be meant: questions go as configured. */
export function checkDiscovery(links: readonly LinkView[]): Finding[] {
  return links.flatMap(({ scope, servers }) =>
    servers.flatMap(({ server, discovery }): Finding[] => {
      if (discovery?.includes('that is not used: ') !== true) return []
      const what = `DNS server ${server} of ${scope} ${discovery}.`
      const repair =
        'DiscoverEncryptedServers=no in /etc/tsresolved.conf below [Resolve], then: systemctl reload tsresolved'
      return [{ check: 'encryption', level: 'warning', what, repair }]
    }),
  )
}

/** By the words of the daemon, of which each names one cause (E-NODE-12). */
function encryptionRepair(
  failure: string,
  link: LinkView,
  address: string,
  channel: string,
  lines: readonly ServerLine[],
): string {
  if (failure.includes('clock of this machine')) return 'timedatectl status'
  const isAuthority = failure.includes('authority that this system does not trust') || failure.includes('itself')
  if (isAuthority) return 'cp ITS-AUTHORITY.crt /usr/local/share/ca-certificates/ && update-ca-certificates'
  if (failure.includes('holds no certificate')) return 'apt-get install --reinstall ca-certificates'
  if (link.ifindex === undefined) {
    const place = placeOf(address, link.scope, lines)
    const at = place === undefined ? '/etc/systemd/resolved.conf' : `+${place.line} ${place.file}`
    return `\${EDITOR:-vi} ${at} && systemctl reload tsresolved   # the name behind # in DNS=, or DNSOverTLS=`
  }
  // Not the name that the certificate shows: a portal, or somebody else on the way, may have shown it.
  const isHttps = channel === 'https'
  if (failure.includes(', not for ')) {
    return `tsresolvectl dns ${link.name} ${address}#${isHttps ? 'https://ITS-NAME/dns-query' : 'ITS-NAME'}`
  }
  if (isHttps) return `tsresolvectl dns ${link.name} ${address}` // DNSOverTLS= is not about servers with a URL
  return `tsresolvectl dnsovertls ${link.name} no`
}
