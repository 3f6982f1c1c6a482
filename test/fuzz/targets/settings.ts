import {
  formatDomain,
  formatListenSpec,
  formatServerSpec,
  parseDohTemplate,
  parseDomain,
  parseListenSpec,
  parseMetricsListen,
  parseServerSpec,
  parseTimeSpan,
  readDelegate,
  readNegativeTrustAnchors,
  readResolvedConf,
  SettingError,
  warningText,
} from '../../../src/settings/index.ts'
import { readFileSync } from 'node:fs'
import { must, type Target, unless } from '../target.ts'

const ifindexOf = (name: string) => ({ eth0: 7, eth1: 8 })[name]
const CONFIG = new URL('../../../config/', import.meta.url)
const SAMPLES = ['resolved.conf', 'tsresolved.conf']
const DELEGATE = '[Delegate]\nDNS=10.8.0.1 10.8.0.2\nDomains=~corp.example ~8.10.in-addr.arpa\nDefaultRoute=yes\n'
const WORDS = [
  '192.0.2.1:53%eth0#dns.example',
  '[2001:db8::1]:853#https://dns.example/dns-query{?dns}',
  '~corp.example',
  'udp:[::1]:5353',
  '1h 30min 5s 20ms',
  '/run/metrics',
]

/** resolved.conf and its like, and single words as they stand in them or in arguments. */
export const target: Target = {
  name: 'settings',
  maxLength: 16_384,
  // Files of root: a line that is refused gets a sentence of its own, which takes as long as fifty that are not.
  allowance: { timePerBlock: 12, memory: 8 << 20 },
  seeds: () => [
    ...SAMPLES.map((name) => configuration(name)).filter((sample) => sample !== undefined),
    Buffer.from(DELEGATE),
    ...WORDS.map((word) => Buffer.from(word)),
  ],
  run(input) {
    const text = input.toString('utf8')
    const file = { path: 'f', text }
    const { warnings } = readResolvedConf([file], ifindexOf)
    for (const warning of [...warnings, ...readDelegate('d', [file], ifindexOf).warnings]) warningText(warning)
    readNegativeTrustAnchors([file])
    if (input.length < 600) readWord(text)
  },
}

/** The sample files with their keys in force; none where the sources are not at hand. */
function configuration(name: string): Buffer | undefined {
  try {
    return Buffer.from(readFileSync(new URL(name, CONFIG), 'utf8').replaceAll(/^#(?=\w+=)/gm, ''))
  } catch {
    return undefined
  }
}

function readWord(text: string): void {
  const refused = <T>(parse: () => T) => unless(SettingError, parse)
  const server = refused(() => parseServerSpec(text, ifindexOf))
  if (server !== undefined) {
    const again = formatServerSpec(server)
    must(formatServerSpec(parseServerSpec(again, ifindexOf)) === again, 'a server survives its text')
  }
  const domain = refused(() => parseDomain(text))
  if (domain !== undefined) must(parseDomain(formatDomain(domain)).name === domain.name, 'a domain survives its text')
  const listen = refused(() => parseListenSpec(text))
  if (listen !== undefined) parseListenSpec(formatListenSpec(listen))
  refused(() => parseDohTemplate(text))
  refused(() => parseMetricsListen(text))
  refused(() => parseTimeSpan(text))
}
