import { join } from 'node:path'
import { AnchorRollover, type RolloverPorts } from './anchor-rollover.ts'
import { anchorsOf, type PositiveAnchor } from '../dnssec/index.ts'
import { readText, writeAtomically } from '../files/index.ts'
import type { ResolvedSettings, TrustAnchorRecord } from '../settings/index.ts'
import { ROOT, TYPE } from '../wire/index.ts'

/** What following the root's keys needs; the file is the daemon's alone. */
export type RootKeysPorts = Omit<RolloverPorts, 'onChange'> & {
  /** Whether anything is validated: nobody is asked before. */
  readonly isValidating: () => boolean
  /** Others may start chains of trust now. */
  readonly onChange: (trustAnchors: readonly TrustAnchorRecord[]) => void
}

/** In the directory that the service manager keeps for the daemon. */
const FILE = 'root-keys.json'
const FILE_MODE = 0o644

/** The state file in `directory`. */
export function rootKeysFile(directory: string): Pick<RootKeysPorts, 'read' | 'write'> {
  const path = join(directory, FILE)
  return { read: () => readText(path), write: async (text) => writeAtomically(path, text, FILE_MODE) }
}

/**
 * The trust anchors that are configured, with the root's as they have become since (RFC 5011). Without a place for the state
 * file it is what is configured: a key that was revoked must not come back with every restart.
 */
export class RootKeys implements Disposable {
  readonly #ports: RootKeysPorts | undefined
  #configured: readonly TrustAnchorRecord[] = []
  #rollover: AnchorRollover | undefined
  #isFollowing = false

  constructor(ports: RootKeysPorts | undefined) {
    this.#ports = ports
  }

  /** The settings as files have them, with the anchors in force. Other keys for the root are followed from scratch. */
  async inForce(settings: ResolvedSettings): Promise<ResolvedSettings> {
    const isSame = textOf(settings.trustAnchors) === textOf(this.#configured)
    this.#configured = settings.trustAnchors
    if (!isSame) await this.#open()
    return { ...settings, trustAnchors: this.#trustAnchors }
  }

  /** The scopes may validate now: keys are looked at from the first that does until the end. */
  noteScopes(): void {
    if (this.#isFollowing || this.#rollover === undefined || this.#ports?.isValidating() !== true) return
    this.#isFollowing = true
    this.#rollover.follow()
  }

  [Symbol.dispose](): void {
    this.#rollover?.[Symbol.dispose]()
    this.#rollover = undefined
  }

  async #open(): Promise<void> {
    this[Symbol.dispose]()
    this.#isFollowing = false
    const [anchor] = anchorsOf(this.#configured.filter(isRoot))
    if (this.#ports === undefined || anchor === undefined) return
    const { onChange } = this.#ports
    this.#rollover = await AnchorRollover.open({ ...this.#ports, onChange: () => onChange(this.#trustAnchors) }, anchor)
  }

  get #trustAnchors(): readonly TrustAnchorRecord[] {
    if (this.#rollover === undefined) return this.#configured
    const others = this.#configured.filter((record) => !isRoot(record))
    return [...recordsOf(this.#rollover.anchor), ...others]
  }
}

function isRoot({ name }: TrustAnchorRecord): boolean {
  return name === ROOT
}

function textOf(records: readonly TrustAnchorRecord[]): string {
  return records
    .filter(isRoot)
    .map(({ type, rdata }) => `${type} ${rdata.toString('hex')}`)
    .join('\n')
}

function recordsOf(anchor: PositiveAnchor | undefined): TrustAnchorRecord[] {
  if (anchor === undefined) return []
  const { name } = anchor
  const ds = anchor.ds.map(({ keyTag, algorithm, digestType, digest }) => {
    const rdata = Buffer.concat([Buffer.from([keyTag >> 8, keyTag & 255, algorithm, digestType]), digest])
    return { name, type: TYPE.DS, rdata }
  })
  return [...ds, ...anchor.keys.map(({ rdata }) => ({ name, type: TYPE.DNSKEY, rdata }))]
}
