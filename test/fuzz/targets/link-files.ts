import {
  formatSavedLink,
  readForeignResolvConf,
  readNetworkdLink,
  readSavedLink,
  SettingError,
  stubResolvConf,
  warningText,
} from '../../../src/settings/index.ts'
import { must, type Target, unless } from '../target.ts'

const IFINDEX = 7
const ifindexOf = (name: string) => ({ eth0: IFINDEX, eth1: 8 })[name]
const SEEDS = [
  'ADMIN_STATE=configured\nOPER_STATE=routable\nDNS=192.0.2.1 [2001:db8::1]:853%eth0#dns.example\nDOMAINS=corp.example\nROUTE_DOMAINS=.\nLLMNR=yes\nMDNS=no\nDNSSEC=no\nDNSOVERTLS=opportunistic\nDNS_DEFAULT_ROUTE=yes\nDNSSEC_NTA=a.example\n',
  '# This is private data. Do not parse.\nLLMNR=no\nMDNS=resolve\nDNSSEC=allow-downgrade\nSERVERS=192.0.2.1 "10.0.0.1#a b"\nDOMAINS=corp.example ~.\nDEFAULT_ROUTE=yes\nNTAS=a.example\nTSRESOLVED_ORIGIN_SERVERS=bus\\ :1.5\\ 0\n',
  '# by hand\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nsearch corp.example lan\ndomain old.example\noptions edns0 ndots:2\n',
]

/** What others leave of links: networkd's state, settings saved for links (of the original, too), /etc/resolv.conf. */
export const target: Target = {
  name: 'link-files',
  maxLength: 16_384,
  // As in `settings`: a warning for each word that is refused, three times.
  allowance: { timePerBlock: 12, memory: 8 << 20 },
  seeds: () => SEEDS.map((text) => Buffer.from(text)),
  run(input) {
    const file = { path: 'f', text: input.toString('utf8') }
    const networkd = readNetworkdLink(file, IFINDEX, ifindexOf)
    const foreign = readForeignResolvConf(file, ifindexOf)
    for (const warning of [...networkd.warnings, ...foreign.warnings]) warningText(warning)
    stubResolvConf('f', foreign.dns.domains)
    const saved = unless(SettingError, () => readSavedLink(file, IFINDEX, ifindexOf))
    if (saved === undefined) return
    const text = formatSavedLink(saved.saved)
    const again = readSavedLink({ path: 'f', text }, IFINDEX, ifindexOf)
    must(formatSavedLink(again.saved) === text, 'saved settings are read as they were written')
  },
}
