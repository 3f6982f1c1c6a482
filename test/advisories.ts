import { spawnSync } from 'node:child_process'
import { SHIPPED } from './shipped.ts'

/*
 * `npm run advisories`: what is known against packages that ship, by `npm audit`. Fails when there is anything; a registry that
 * does not answer such questions, as mirrors do not, is told of and no failure. `--omit=dev` would leave out what is in our files.
 */
interface Advisory {
  readonly title: string
  readonly severity: string
  readonly range: string
}

/** Of `npm audit --json`; without `vulnerabilities` when the registry did not answer. */
interface AuditReport {
  readonly message?: string
  readonly vulnerabilities?: Readonly<Record<string, { readonly via: readonly (Advisory | string)[] }>>
}

/** One line for each advisory of what ships; undefined when the registry did not say. */
export function known({ vulnerabilities }: AuditReport & Readonly<Record<string, unknown>>): string[] | undefined {
  if (vulnerabilities === undefined) return undefined
  const ours = Object.entries(vulnerabilities).filter(([name]) => Object.hasOwn(SHIPPED, name))
  return ours.flatMap(([name, { via }]) => via.map((each) => `${name}: ${textOf(each)}`))
}

function textOf(via: Advisory | string): string {
  return typeof via === 'string' ? `by ${via}` : `${via.title} (${via.severity}, ${via.range})`
}

/** What is no JSON, such as of a run that was cut off, is no answer. */
function parsed(text: string): AuditReport {
  try {
    return JSON.parse(text) as AuditReport
  } catch {
    return {}
  }
}

function main(): void {
  const { stdout } = spawnSync('npm', ['audit', '--json'], { encoding: 'utf8', timeout: 60_000 })
  const report = parsed(stdout)
  const found = known({ ...report })
  if (found === undefined) {
    console.log(`Advisories: the registry does not tell of any (${report.message ?? 'no answer'}).`)
    return
  }
  console.log(`Advisories of what ships: ${found.length === 0 ? 'none' : found.length}.`)
  for (const line of found) console.error(line)
  process.exitCode = found.length > 0 ? 1 : 0
}

if (process.argv[1] === import.meta.filename) main()
