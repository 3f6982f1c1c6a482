import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { debianExtra, debianPrograms } from './debian.ts'
import type { Lab } from './lab.ts'
import type { Link } from './link.ts'

const run = promisify(execFile)

/** What is done to a zone after it was signed, or instead. */
export type Fault =
  /** Signatures of years ago, or of next month. */
  | 'expired'
  | 'future'
  /** The A records of `www` lose their signature, or get one whose bits, or whose signer's name, are wrong. */
  | 'stripped'
  | 'forged'
  | 'wrong signer'
  /** The key that the parent vouches for is revoked. */
  | 'revoked'
  /** The parent has no DS records, or such of an algorithm that nobody knows. */
  | 'no DS'
  | 'unknown algorithm'
  /** Not signed, though the parent has DS records; or without them, as most zones are. */
  | 'unsigned'
  | 'plain'

export interface SignedZoneSpec {
  /** Without final dot; `.` for the root. */
  readonly apex: string
  /** In words of dnssec-keygen. */
  readonly algorithm?: string
  readonly rsaBits?: number
  /** Undefined for NSEC. */
  readonly nsec3?: { readonly iterations: number; readonly isOptOut?: boolean }
  /** Lines of a master file, names relative to the apex. */
  readonly records?: readonly string[]
  readonly fault?: Fault
}

/** Zones as master files, by apex, and the trust anchor of the root. */
export interface SignedZones {
  readonly files: ReadonlyMap<string, string>
  /** A line of a `*.positive` file. */
  readonly anchor: string
}

/** The same for any zone, as the key that signs its keys. */
export function keyAnchor({ files }: SignedZones, apex: string): string {
  const key = /\sDNSKEY\s+(257 3 \d+ [\w+/= ]+)/.exec(files.get(apex) ?? '')?.[1]
  return `${apex} IN DNSKEY ${key}\n`
}

/** Where BIND's tools stop. */
const MOST_ITERATIONS = 150

/** Signs the zones, children before their parents, with the tools of BIND, and of ldns what those refuse to sign. */
export async function signZones(specs: readonly SignedZoneSpec[]): Promise<SignedZones> {
  await debianExtra('bind9-utils')
  const folder = await mkdtemp(join(tmpdir(), 'signed-zones-'))
  try {
    return await new Signer(folder, join(await debianPrograms(), 'extra')).sign(specs)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

class Signer {
  readonly #folder: string
  readonly #extras: string

  constructor(folder: string, extras: string) {
    this.#folder = folder
    this.#extras = extras
  }

  async sign(specs: readonly SignedZoneSpec[]): Promise<SignedZones> {
    const files = new Map<string, string>()
    const ds = new Map<string, string>()
    for (const spec of specs.toSorted((a, b) => labels(b.apex) - labels(a.apex))) {
      const delegations = [...ds].flatMap(([apex, records]) =>
        parentIn(specs, apex) === spec.apex ? [delegation(apex, records)] : [],
      )
      const signed = await this.#zone(spec, delegations)
      files.set(spec.apex, signed.text)
      ds.set(spec.apex, signed.ds)
    }
    return { files, anchor: `${(ds.get('.') ?? '').trim()}\n` }
  }

  async #zone(spec: SignedZoneSpec, delegations: readonly string[]): Promise<{ text: string; ds: string }> {
    const { apex, algorithm = 'ECDSAP256SHA256', rsaBits = 1024, nsec3, fault } = spec
    const origin = apex === '.' ? '.' : `${apex}.`
    const soa = `@ 300 SOA ns.zz. root.zz. 1 3600 600 86400 300\n@ 300 NS ns.zz.`
    const text = [`$ORIGIN ${origin}`, '$TTL 300', soa, ...(spec.records ?? []), ...delegations, ''].join('\n')
    if (fault === 'plain') return { text, ds: '' }
    await writeFile(join(this.#folder, 'zone'), text)
    const strength = algorithm.includes('RSA') ? ['-b', String(rsaBits)] : []
    const kind = nsec3 === undefined ? [] : ['-3']
    const key = (...flags: string[]) =>
      this.#tool('dnssec-keygen', '-a', algorithm, ...strength, ...kind, ...flags, origin)
    const keys = (await Promise.all([key('-f', 'KSK'), key()])).map((each) => each.trim())
    const [ksk = ''] = keys
    const ds = (await this.#tool('dnssec-dsfromkey', '-2', ksk)).trim()
    if (fault === 'unsigned') return { text, ds }
    if (fault === 'revoked') keys[0] = (await this.#tool('dnssec-revoke', ksk)).trim().split('/').at(-1) ?? ''
    if (nsec3 !== undefined && nsec3.iterations > MOST_ITERATIONS) {
      await debianExtra('ldnsutils')
      const denial = ['-n', '-t', String(nsec3.iterations), '-s', 'ab']
      await this.#run('ldnsutils', 'ldns-signzone', [...denial, '-o', origin, '-f', 'signed', 'zone', ...keys])
    } else await this.#signByBind(spec, origin, keys)
    return { text: spoilt(await readFile(join(this.#folder, 'signed'), 'utf8'), fault), ds: dsOf(ds, fault) }
  }

  async #signByBind({ nsec3, fault }: SignedZoneSpec, origin: string, keys: readonly string[]): Promise<void> {
    const denial =
      nsec3 === undefined ? [] : ['-3', 'ab', '-H', String(nsec3.iterations), ...(nsec3.isOptOut ? ['-A'] : [])]
    const options = ['-P', '-x', '-O', 'full', ...(TIMES[fault ?? ''] ?? []), ...denial]
    await this.#tool('dnssec-signzone', ...options, '-o', origin, '-f', 'signed', '-S', 'zone', ...keys)
  }

  #tool(name: string, ...words: readonly string[]): Promise<string> {
    return this.#run('bind9-utils', name, words)
  }

  async #run(extra: 'bind9-utils' | 'ldnsutils', name: string, words: readonly string[]): Promise<string> {
    const tools = join(this.#extras, extra)
    const env = { ...process.env, LD_LIBRARY_PATH: `${tools}/usr/lib/x86_64-linux-gnu` }
    const { stdout } = await run(join(tools, 'usr/bin', name), words, { cwd: this.#folder, env })
    return stdout
  }
}

const TIMES: Readonly<Record<string, readonly string[]>> = {
  expired: ['-s', '20200101000000', '-e', '20200201000000'],
  future: ['-s', 'now+2592000', '-e', 'now+5184000'],
}

/** One record a line, with its whole name. */
function spoilt(text: string, fault: Fault | undefined): string {
  const isMeant = (line: string) => /^www\.\S+\s+\d+\s+IN\s+RRSIG\s+A\s/.test(line)
  const lines = text.split('\n')
  if (fault === 'stripped') return lines.filter((line) => !isMeant(line)).join('\n')
  const spoil = (line: string): string => {
    if (!isMeant(line)) return line
    if (fault === 'wrong signer') return line.replace(/(\d{14} \d{14} \d+ )\S+/, '$1zz.')
    return fault === 'forged'
      ? line.replace(/(\S)(\S{8}={0,2})$/, (_, at: string, rest: string) => (at === 'A' ? 'B' : 'A') + rest)
      : line
  }
  return lines.map(spoil).join('\n')
}

function dsOf(ds: string, fault: Fault | undefined): string {
  if (fault === 'no DS') return ''
  return fault === 'unknown algorithm' ? ds.replace(/DS (\d+) \d+/, 'DS $1 200') : ds
}

function delegation(apex: string, ds: string): string {
  return `${apex}. 300 NS ns.zz.\n${ds}`
}

function parentIn(specs: readonly SignedZoneSpec[], apex: string): string {
  const above = specs.filter((spec) => spec.apex !== apex && (spec.apex === '.' || apex.endsWith(`.${spec.apex}`)))
  return above.toSorted((a, b) => labels(b.apex) - labels(a.apex))[0]?.apex ?? ''
}

function labels(apex: string): number {
  return apex === '.' ? 0 : apex.split('.').length
}

const HOME = '/run/lab/signed'

/** BIND with all the zones at the link's `realServer`: it answers like a server that asks others, for what it has.
 * `isMinimal`: without the zone's servers. */
export async function serveZones(
  lab: Pick<Lab, 'write'>,
  link: Link,
  { files }: SignedZones,
  isMinimal = false,
): Promise<void> {
  const folder = await debianExtra('bind9')
  const zones: string[] = []
  for (const [apex, text] of files) {
    const file = `${HOME}/${apex === '.' ? 'root' : apex}.zone`
    await lab.write(file, text)
    zones.push(`zone "${apex}" { type primary; file "${file}"; check-names ignore; };`)
  }
  await lab.write(
    `${HOME}/named.conf`,
    `options { directory "/tmp"; listen-on { ${link.realServer}; }; listen-on-v6 { none; }; recursion no;
  pid-file none; session-keyfile none; dnssec-validation no; minimal-responses ${isMinimal ? 'yes' : 'no'}; };\n${zones.join('\n')}\n`,
  )
  const libraries = `LD_LIBRARY_PATH=${folder}/usr/lib/x86_64-linux-gnu`
  const argv = [
    'env',
    libraries,
    'sh',
    '-c',
    'exec "$@" 2>&1',
    'sh',
    `${folder}/usr/sbin/named`,
    '-g',
    '-c',
    `${HOME}/named.conf`,
  ]
  await link.start(argv, { until: /running/ })
}

/** unbound at the link's `server2`, which validates what BIND says. */
export async function startValidator(lab: Lab, link: Link, { anchor }: SignedZones): Promise<void> {
  const folder = await debianExtra('unbound')
  await lab.write(`${HOME}/anchor.zone`, anchor)
  await lab.write(
    `${HOME}/unbound.conf`,
    `server:
  interface: ${link.server2}
  access-control: 0.0.0.0/0 allow
  username: ""
  chroot: ""
  pidfile: ""
  directory: "/tmp"
  use-syslog: no
  verbosity: 1
  module-config: "validator iterator"
  trust-anchor-file: "${HOME}/anchor.zone"
  do-not-query-localhost: no
  ede: yes
  local-zone: "test." transparent
forward-zone:
  name: "."
  forward-addr: ${link.realServer}
remote-control:
  control-enable: no
`,
  )
  const libraries = `LD_LIBRARY_PATH=${folder}/usr/lib/x86_64-linux-gnu`
  const argv = [
    'env',
    libraries,
    'sh',
    '-c',
    'exec "$@" 2>&1',
    'sh',
    `${folder}/usr/sbin/unbound`,
    '-d',
    '-c',
    `${HOME}/unbound.conf`,
  ]
  await link.start(argv, { until: /start of service/ })
}
