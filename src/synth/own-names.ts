import type { Name } from '../wire/index.ts'
import { concatNames, labelsOf, nameOf, parseName } from '../wire/index.ts'

const LOCAL = nameOf('local')
/** What an unnamed machine is called (R-SYNTH-3). */
const NAMELESS = 'linux'

/**
 * The names of this host: as the kernel has it, its first label, and the label that neighbours know it by, bare and under
 * `.local` (R-SYNTH-3). That label is the first one of the host name unless a neighbour has it.
 */
export function ownNamesOf(hostName: string, published?: Name): Name[] {
  const isUsable = hostName !== '' && hostName !== 'localhost' && hostName !== '(none)'
  const full = (isUsable ? parseName(hostName) : undefined) ?? nameOf(NAMELESS)
  const first = nameOf(labelsOf(full)[0] ?? NAMELESS)
  const label = published ?? first
  return [...new Set([full, first, label, concatNames(label, LOCAL) ?? label])]
}
