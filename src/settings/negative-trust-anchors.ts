import type { Name } from '../wire/index.ts'
import { nameOf, parseName } from '../wire/index.ts'
import { orReport, type ConfigWarning, SettingError, type SourceFile } from './config-warning.ts'

/**
 * Domains that are never signed in a way a public trust anchor could prove: private networks and names for use at home
 * (R-SEC-5). They are the global list while no `.negative` file names any.
 */
export const DEFAULT_NEGATIVE_TRUST_ANCHORS: readonly Name[] = [
  '10.in-addr.arpa',
  ...Array.from({ length: 16 }, (_, i) => `${16 + i}.172.in-addr.arpa`),
  '168.192.in-addr.arpa',
  '170.0.0.192.in-addr.arpa',
  '171.0.0.192.in-addr.arpa',
  'd.f.ip6.arpa',
  'corp',
  'home',
  'home.arpa',
  'internal',
  'intranet',
  'ipv4only.arpa',
  'lan',
  'local',
  'private',
  'resolver.arpa',
  'test',
].map(nameOf)

/** Many more than anybody writes by hand. */
const MAX_ANCHORS = 65_536

/**
 * Reads `*.negative` files: one domain a line, `;` in front of remarks (R-SEC-4). A bad line loses only itself. Without a
 * single domain the list is the usual one, as in the original: a file of remarks takes nothing away. The usual one leaves
 * out `anchored` names: somebody has a positive anchor for just that domain (S-NTA-2).
 */
export function readNegativeTrustAnchors(
  files: readonly SourceFile[],
  anchored: ReadonlySet<Name> = new Set(),
): {
  anchors: readonly Name[]
  warnings: readonly ConfigWarning[]
} {
  const anchors = new Set<Name>()
  const warnings: ConfigWarning[] = []
  for (const { path: file, text } of files) {
    for (const [index, line] of text.split('\n').entries()) {
      const report = (message: string) => warnings.push({ file, line: index + 1, key: undefined, message })
      const name = orReport(report, () => anchorIn(line.trim(), anchors.size))
      if (name !== undefined) anchors.add(name)
    }
  }
  const usual = DEFAULT_NEGATIVE_TRUST_ANCHORS.filter((name) => !anchored.has(name))
  return { anchors: anchors.size === 0 ? usual : [...anchors], warnings }
}

/** Undefined for a line that says nothing. */
function anchorIn(line: string, known: number): Name | undefined {
  if (line === '' || line.startsWith(';')) return undefined
  if (known >= MAX_ANCHORS) throw new SettingError(`More than ${MAX_ANCHORS} domains, ignoring the line.`, line)
  const name = parseName(line)
  if (name === undefined || /\s/.test(line))
    throw new SettingError(`"${line}" is not one domain, ignoring the line.`, line)
  return name
}
