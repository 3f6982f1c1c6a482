import { execFileSync } from 'node:child_process'

interface Component {
  readonly 'bom-ref': string
  readonly name: string
  readonly version: string
}
interface Bill {
  serialNumber?: string
  metadata: { timestamp?: string; [key: string]: unknown }
  components: Component[]
  dependencies: { ref: string; dependsOn: string[] }[]
}

/**
 * CycloneDX, as `npm sbom` writes it, of what is really inside: the packages whose licences we carry, and the runtime.
 * Without the time and the random number, so that equal input makes equal bytes.
 */
export function billOfMaterials(root: string, licenses: string, nodeVersion: string): string {
  const text = execFileSync('npm', ['sbom', '--sbom-format=cyclonedx', '--package-lock-only'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  const bill = JSON.parse(text) as Bill
  const inside = packagesIn(licenses)
  const components = bill.components.filter(({ name, version }) => inside.has(`${name} ${version}`))
  const purl = `pkg:generic/node@${nodeVersion}`
  const runtime = { 'bom-ref': purl, type: 'application', name: 'node', version: nodeVersion, purl }
  delete bill.serialNumber
  delete bill.metadata.timestamp
  const refs = new Set(components.map((component) => component['bom-ref']))
  bill.components = [...components, runtime]
  bill.dependencies = bill.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => refs.has(each)) }))
  return `${JSON.stringify(bill, undefined, 2)}\n`
}

/** `name version` of each part of the file `LICENSES`. */
export function packagesIn(licenses: string): Set<string> {
  const heads = licenses.split(/^-{80}$/m).map((part) => part.trim().split('\n')[0] ?? '')
  return new Set(heads.filter((head) => /^\S+ \d/.test(head)))
}
