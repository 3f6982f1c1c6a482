import { nsec3Hash } from '../../src/dnssec/nsec3.ts'
import { commonAncestor, orderKey, wildcardOf } from '../../src/dnssec/order.ts'
import type { Name, ResourceRecord } from '../../src/wire/index.ts'
import { concatNames, isWithin, nameOf, parentOf, recordOf, TYPE, wireOfName } from '../../src/wire/index.ts'
import { bitmapOf, bytesOfBase32Hex, readRecord } from './master-file.ts'
import { SigningKey, type Validity } from './signing-key.ts'

export interface ZoneScript {
  readonly apex: string
  /** Lines of a zone file, names relative to the apex. SOA and NS are there already. */
  readonly records?: readonly string[]
  /** 15 unless given; `unsigned` for a zone without DNSSEC. */
  readonly algorithm?: number | 'unsigned'
  /** How it proves what is not there; `compact` as RFC 9824 has it. */
  readonly denial?: 'nsec' | 'nsec3' | 'opt-out' | 'compact'
  readonly iterations?: number
  readonly validity?: Validity
  /** Signed, but the parent has no DS. */
  readonly isIsland?: boolean
  /** Its key, for which the parent has DS, is revoked (RFC 5011 §2.1). */
  readonly isRevoked?: boolean
  readonly digestType?: number
}

/** The clock of tests begins on 1 January 2026. */
export const TEST_VALIDITY: Validity = [Date.UTC(2025, 11, 25) / 1000, Date.UTC(2026, 1, 1) / 1000]
const TTL = 300

/** What an authoritative server of one zone puts into a reply. */
export interface ZoneReply {
  readonly rcode: number
  readonly answer: readonly ResourceRecord[]
  readonly authority: readonly ResourceRecord[]
  /** Where an alias leads. */
  readonly next?: Name | undefined
}

/** One zone with its keys, which signs what it says as it says it. */
export class SignedZone {
  readonly apex: Name
  readonly key: SigningKey | undefined
  readonly script: ZoneScript
  readonly #sets = new Map<Name, Map<number, ResourceRecord[]>>()

  constructor(script: ZoneScript, children: readonly SignedZone[] = []) {
    this.script = script
    this.apex = nameOf(script.apex)
    const { algorithm = 15, isRevoked = false } = script
    this.key = algorithm === 'unsigned' ? undefined : new SigningKey(algorithm, isRevoked ? 0x0181 : 0x0101)
    const origin = this.apex === '.' ? '.' : `${this.apex}.`
    this.#add(readRecord('@ SOA ns.invalid. hostmaster.invalid. 1 3600 600 86400 300', { origin, ttl: TTL }))
    this.#add(readRecord('@ NS ns.invalid.', { origin, ttl: TTL }))
    if (this.key !== undefined) this.#add(this.key.dnskey(this.apex, TTL))
    for (const line of script.records ?? []) this.#add(readRecord(line, { origin, ttl: TTL }))
    for (const child of children) this.#delegate(child)
  }

  has(name: Name): boolean {
    return this.#names().some((each) => isWithin(each, name))
  }

  /** `isAliasFollowed` elsewhere: a reply ends at the first alias. */
  reply(name: Name, type: number): ZoneReply {
    const sets = this.#sets.get(name)
    const dname = this.#dnameAbove(name)
    if (dname !== undefined) return this.#redirect(name, dname)
    if (sets === undefined && !this.has(name)) return this.#expand(name, type)
    const found = type === TYPE.ANY ? [...(sets?.values() ?? [])] : [sets?.get(type)].filter((set) => set !== undefined)
    if (found.length > 0) return { rcode: 0, answer: found.flatMap((set) => this.#signed(set)), authority: [] }
    if (type === TYPE.RRSIG && this.key !== undefined && sets !== undefined) {
      const all = [...sets.values()].flatMap((set) => this.#signed(set))
      return { rcode: 0, answer: all.filter((record) => record.type === type), authority: [] }
    }
    const cname = sets?.get(TYPE.CNAME)
    if (cname !== undefined) return { rcode: 0, answer: this.#signed(cname), authority: [], next: targetOf(cname) }
    return { rcode: 0, answer: [], authority: [...this.#soa(), ...this.#nodata(name)] }
  }

  #expand(name: Name, type: number): ZoneReply {
    const wildcard = wildcardOf(this.#encloser(name)) as Name
    const sets = this.#sets.get(wildcard)
    const set = sets?.get(type) ?? sets?.get(TYPE.CNAME)
    const isCompact = this.script.denial === 'compact'
    if (sets === undefined) {
      const proof = isCompact ? this.#compact(name, ['RRSIG', 'NSEC', 'TYPE128']) : this.#nxdomain(name, wildcard)
      return { rcode: isCompact ? 0 : 3, answer: [], authority: [...this.#soa(), ...proof] }
    }
    if (set === undefined) {
      const proof = isCompact
        ? this.#compact(name, this.#types(wildcard))
        : this.#unique(this.#isHashed ? this.#nsec3Encloser(name) : this.#nsec(name), this.#nodata(wildcard))
      return { rcode: 0, answer: [], authority: [...this.#soa(), ...proof] }
    }
    const owner = wireOfName(name)
    const expanded = set.map((record) => ({ ...record, name, owner }))
    const next = set[0]?.type === TYPE.CNAME && type !== TYPE.CNAME ? targetOf(set) : undefined
    return { rcode: 0, answer: this.#signed(expanded, wildcard), authority: this.#expansion(name), next }
  }

  #redirect(name: Name, dname: readonly ResourceRecord[]): ZoneReply {
    const [{ name: owner }] = dname as readonly [ResourceRecord]
    const left = nameOf(name.slice(0, name.length - owner.length - 1))
    const next = concatNames(left, targetOf(dname))
    if (next === undefined) return { rcode: 6, answer: this.#signed(dname), authority: [] }
    const cname = recordOf(name, TYPE.CNAME, wireOfName(next), TTL)
    return { rcode: 0, answer: [...this.#signed(dname), cname], authority: [], next }
  }

  #nodata(name: Name): ResourceRecord[] {
    if (this.script.denial === 'compact') return this.#compact(name, this.#types(name))
    if (this.#isHashed) return this.#nsec3Match(name).length > 0 ? this.#nsec3Match(name) : this.#nsec3Encloser(name)
    return this.#nsec(name)
  }

  #nxdomain(name: Name, wildcard: Name): ResourceRecord[] {
    if (!this.#isHashed) return this.#unique(this.#nsec(name), this.#nsec(wildcard))
    return this.#unique(this.#nsec3Encloser(name), this.#nsec3Cover(wildcard))
  }

  /** That the name itself is not there. */
  #expansion(name: Name): ResourceRecord[] {
    return this.#isHashed ? this.#nsec3Cover(this.#nextCloser(name)) : this.#nsec(name)
  }

  /** The record at the name or the last one before it. */
  #nsec(name: Name): ResourceRecord[] {
    const names = this.#names().toSorted((a, b) => (orderKey(a) < orderKey(b) ? -1 : 1))
    const at = names.findLastIndex((each) => orderKey(each) <= orderKey(name))
    const owner = names[at] ?? this.apex
    const next = names[at + 1] ?? this.apex
    return this.#signed([nsec(owner, next, [...this.#types(owner), 'RRSIG', 'NSEC'])])
  }

  #compact(name: Name, types: readonly string[]): ResourceRecord[] {
    const next = concatNames('\\000' as Name, name) as Name
    return this.#signed([nsec(name, next, [...new Set([...types, 'RRSIG', 'NSEC'])])])
  }

  #nsec3Match(name: Name): ResourceRecord[] {
    return this.#nsec3(this.#hashes().findIndex(({ owner }) => owner === name))
  }

  #nsec3Cover(name: Name): ResourceRecord[] {
    const hash = this.#hash(name)
    const hashes = this.#hashes()
    const at = hashes.findLastIndex((each) => each.hash < hash)
    return this.#nsec3(at < 0 ? hashes.length - 1 : at)
  }

  #nsec3Encloser(name: Name): ResourceRecord[] {
    const encloser = parentOf(this.#nextCloser(name)) ?? this.apex
    return this.#unique(this.#nsec3Match(encloser), this.#nsec3Cover(this.#nextCloser(name)))
  }

  #nsec3(at: number): ResourceRecord[] {
    const hashes = this.#hashes()
    const here = hashes[at]
    if (here === undefined || this.key === undefined) return []
    const next = hashes[(at + 1) % hashes.length] ?? here
    const { iterations = 0 } = this.script
    const hash = bytesOfBase32Hex(next.hash)
    const isOptOut = this.script.denial === 'opt-out' ? 1 : 0
    const head = Buffer.from([1, isOptOut, iterations >> 8, iterations & 255, 0, hash.length])
    const types = this.#types(here.owner)
    const bits = bitmapOf(types.length > 0 && !this.#isUnsignedDelegation(here.owner) ? [...types, 'RRSIG'] : types)
    const owner = concatNames(nameOf(here.hash), this.apex) as Name
    return this.#signed([recordOf(owner, TYPE.NSEC3, Buffer.concat([head, hash, bits]), TTL)])
  }

  #hashes(): { readonly owner: Name; readonly hash: string }[] {
    const isOptOut = this.script.denial === 'opt-out'
    const owners = new Set<Name>()
    for (const name of this.#names()) {
      if (isOptOut && this.#isUnsignedDelegation(name)) continue
      for (let at: Name | undefined = name; at !== undefined && isWithin(at, this.apex); at = parentOf(at))
        owners.add(at)
    }
    const all = [...owners].map((owner) => ({ owner, hash: this.#hash(owner) }))
    return all.toSorted((a, b) => (a.hash < b.hash ? -1 : 1))
  }

  #hash(name: Name): string {
    return nsec3Hash(name, Buffer.alloc(0), this.script.iterations ?? 0)
  }

  get #isHashed(): boolean {
    return this.script.denial === 'nsec3' || this.script.denial === 'opt-out'
  }

  /** The longest name above that is there, as far as the chain of denial knows it. */
  #encloser(name: Name): Name {
    const known = this.#isHashed ? this.#hashes().map(({ owner }) => owner) : this.#names()
    const shared = known.map((each) => commonAncestor(each, name)).filter((each) => isWithin(each, this.apex))
    return shared.toSorted((a, b) => b.length - a.length)[0] ?? this.apex
  }

  #nextCloser(name: Name): Name {
    const encloser = this.#encloser(name)
    let at = name
    for (let up = parentOf(at); up !== undefined && up !== encloser; up = parentOf(at)) at = up
    return at
  }

  #types(name: Name): string[] {
    return [...(this.#sets.get(name)?.keys() ?? [])].map((type) => `TYPE${type}`)
  }

  #names(): Name[] {
    return [...this.#sets.keys()]
  }

  #dnameAbove(name: Name): readonly ResourceRecord[] | undefined {
    for (const [owner, sets] of this.#sets) {
      if (sets.has(TYPE.DNAME) && owner !== name && isWithin(name, owner)) return sets.get(TYPE.DNAME)
    }
    return undefined
  }

  #isUnsignedDelegation(name: Name): boolean {
    const sets = this.#sets.get(name)
    return name !== this.apex && sets?.has(TYPE.NS) === true && !sets.has(TYPE.DS)
  }

  #soa(): ResourceRecord[] {
    return this.#signed(this.#sets.get(this.apex)?.get(TYPE.SOA) ?? [])
  }

  #signed(records: readonly ResourceRecord[], owner?: Name): ResourceRecord[] {
    const { key } = this
    const [first] = records
    if (first === undefined) return []
    const isDelegation = first.type === TYPE.NS && first.name !== this.apex
    if (key === undefined || isDelegation) return [...records]
    return [...records, key.sign(records, this.apex, this.script.validity ?? TEST_VALIDITY, owner)]
  }

  #unique(...parts: readonly (readonly ResourceRecord[])[]): ResourceRecord[] {
    const seen = new Set<string>()
    return parts.flat().filter((record) => {
      const key = `${record.name} ${record.type} ${record.type === TYPE.RRSIG ? '' : record.rdata.toString('hex')}`
      return !seen.has(key) && seen.add(key)
    })
  }

  #delegate(child: SignedZone): void {
    this.#add(recordOf(child.apex, TYPE.NS, wireOfName(nameOf('ns.invalid')), TTL))
    if (child.key === undefined || child.script.isIsland === true) return
    this.#add(child.key.ds(child.apex, child.script.digestType ?? 2, TTL))
  }

  #add(record: ResourceRecord): void {
    const sets = this.#sets.get(record.name) ?? new Map<number, ResourceRecord[]>()
    this.#sets.set(record.name, sets)
    sets.set(record.type, [...(sets.get(record.type) ?? []), record])
  }
}

function nsec(owner: Name, next: Name, types: readonly string[]): ResourceRecord {
  return recordOf(owner, TYPE.NSEC, Buffer.concat([wireOfName(next), bitmapOf(types)]), TTL)
}

function targetOf(records: readonly ResourceRecord[]): Name {
  return nameOf(nameFrom((records[0] as ResourceRecord).rdata))
}

function nameFrom(rdata: Buffer): string {
  const labels: string[] = []
  for (let at = 0; (rdata[at] as number) > 0; at += 1 + (rdata[at] as number)) {
    labels.push(rdata.toString('latin1', at + 1, at + 1 + (rdata[at] as number)))
  }
  return labels.join('.') || '.'
}
