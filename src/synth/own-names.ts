import type { Name } from '../wire/index.ts'
import { concatNames, labelsOf, nameOf, parseName } from '../wire/index.ts'

const LOCAL = nameOf('local')
/** What an unnamed machine is called (R-SYNTH-3). */
const NAMELESS = 'linux'

/** The names of this host: as the kernel has it, its first label, and that label under `.local` (R-SYNTH-3). */
export function ownNamesOf(hostName: string): Name[] {
  const isUsable = hostName !== '' && hostName !== 'localhost' && hostName !== '(none)'
  const full = (isUsable ? parseName(hostName) : undefined) ?? nameOf(NAMELESS)
  const label = nameOf(labelsOf(full)[0] ?? NAMELESS)
  return [...new Set([full, label, concatNames(label, LOCAL) ?? label])]
}
