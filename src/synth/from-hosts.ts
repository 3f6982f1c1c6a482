import { AF_INET } from '../base/index.ts'
import type { HostName, HostsAddress, HostsTable } from '../settings/index.ts'
import type { Name, ResourceRecord } from '../wire/index.ts'
import { addressOfReverseName, recordOf, TYPE, wireOfName, wireOfText } from '../wire/index.ts'
import type { LocalAnswer } from './local-answer.ts'

/**
 * What /etc/hosts says. A name found there has no records but these, of whatever type (R-HOSTS-4); an alias is a CNAME
 * to the first name of its line (R-HOSTS-5), where it has an address of a type asked for: a CNAME alone would be followed
 * to addresses of lines that it does not stand on. Undefined when the file does not know the name.
 */
export function answerFromHosts(table: HostsTable, name: Name, types?: readonly number[]): LocalAnswer | undefined {
  const known = table.addressesOf(name)
  if (known === undefined) return fromReverse(table, name)
  const addresses = known.filter((entry) => isAsked(typeOf(entry), types))
  if (addresses.length === 0 && !isAsked(TYPE.CNAME, types)) return local([])
  const canonicals = new Map(known.map(({ canonical }) => [canonical.name, canonical]))
  const [canonical] = canonicals.values()
  // A CNAME stands alone (RFC 1034 §3.6.2): where the lines disagree on who is canonical, the name has the addresses.
  if (canonicals.size > 1 || canonical === undefined)
    return local(addresses.map((entry) => addressOf(name, undefined, entry)))
  const records = addresses.map((entry) => addressOf(canonical.name, canonical, entry))
  return local(canonical.name === name ? records : [recordOf(name, TYPE.CNAME, wireOfHost(canonical)), ...records])
}

function fromReverse(table: HostsTable, name: Name): LocalAnswer | undefined {
  const address = addressOfReverseName(name)
  const names = address === undefined ? [] : table.namesOf(address)
  if (names.length === 0) return undefined
  return local(names.map((host) => recordOf(name, TYPE.PTR, wireOfHost(host))))
}

function isAsked(type: number, types: readonly number[] | undefined): boolean {
  return types === undefined || types.includes(type) || types.includes(TYPE.ANY)
}

function typeOf({ address }: HostsAddress): number {
  return address.family === AF_INET ? TYPE.A : TYPE.AAAA
}

/** The owner is written as in the file. */
function addressOf(name: Name, host: HostName | undefined, entry: HostsAddress): ResourceRecord {
  const record = recordOf(name, typeOf(entry), entry.address.bytes)
  return host === undefined ? record : { ...record, owner: wireOfHost(host) }
}

function wireOfHost({ name, text }: HostName): Buffer {
  return wireOfText(text) ?? wireOfName(name)
}

function local(records: readonly ResourceRecord[]): LocalAnswer {
  return { exists: true, records: records.map((record) => ({ record, ifindex: 0 })) }
}
