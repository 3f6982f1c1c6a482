import { orReport, type ConfigWarning, type Report, type SourceFile } from './config-warning.ts'
import { type Assignment, parseUnitFile } from './unit-file.ts'

/** What one key does to the settings being built. @throws {SettingError} when the value is unusable: then nothing changed */
export type ApplyKey<T> = (draft: T, value: string, report: Report) => void

/** How the reading of one section went. */
export interface UnitReading {
  readonly warnings: readonly ConfigWarning[]
  /** The last assignment of each key that was obeyed, so that later remarks can name its line. */
  readonly obeyed: ReadonlyMap<string, Assignment>
}

/**
 * Applies the assignments of one section, file after file, to `draft`. Unknown keys and sections, except private ones
 * that begin with `X-`, and unusable values are warnings and lose only themselves (R-CONF-1, R-CONF-2).
 */
export function readUnit<T>(
  files: readonly SourceFile[],
  section: string,
  keys: Readonly<Record<string, ApplyKey<T>>>,
  draft: T,
): UnitReading {
  const warnings: ConfigWarning[] = []
  const obeyed = new Map<string, Assignment>()
  for (const { assignments, warnings: unreadable } of files.map(parseUnitFile)) {
    warnings.push(...unreadable)
    warnings.push(...foreignSections(assignments, section))
    for (const assignment of assignments.filter((candidate) => candidate.section === section)) {
      const { key, value, file, line } = assignment
      const report = (message: string) => warnings.push({ file, line, key, message })
      const apply = Object.hasOwn(keys, key) ? keys[key] : undefined
      if (apply !== undefined) orReport(report, () => (apply(draft, value, report), obeyed.set(key, assignment)))
      else if (!key.startsWith('X-')) report(`Unknown key in section [${section}], ignoring it.`)
    }
  }
  return { warnings, obeyed }
}

/** One remark per section that is not ours, at its first key. */
function foreignSections(assignments: readonly Assignment[], section: string): ConfigWarning[] {
  const firsts = new Map<string, Assignment>()
  for (const assignment of assignments) {
    const isForeign = assignment.section !== section && !assignment.section.startsWith('X-')
    if (isForeign && !firsts.has(assignment.section)) firsts.set(assignment.section, assignment)
  }
  return [...firsts.values()].map(({ file, line, section: name }) => {
    return {
      file,
      line,
      key: undefined,
      message: `Unknown section [${name}], ignoring it. Only [${section}] is read here.`,
    }
  })
}
