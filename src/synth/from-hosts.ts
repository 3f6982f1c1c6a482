import type { HostsTable } from '../settings/index.ts'
import type { Name, ResourceRecord } from '../wire/index.ts'
import { addressOfReverseName, recordOf, TYPE, wireOfName } from '../wire/index.ts'
import { addressRecord } from './address-record.ts'
import type { LocalAnswer } from './local-answer.ts'

/**
 * What /etc/hosts says. A name found there has no records but these, of whatever type (R-HOSTS-4); an alias is a CNAME
 * to the first name of its line (R-HOSTS-5). Undefined when the file does not know the name.
 */
export function answerFromHosts(table: HostsTable, name: Name): LocalAnswer | undefined {
  const addresses = table.addressesOf(name)
  if (addresses === undefined) return fromReverse(table, name)
  const canonicals = new Set(addresses.map(({ canonical }) => canonical))
  const [canonical] = canonicals
  // A CNAME stands alone (RFC 1034 §3.6.2): where the lines disagree on who is canonical, the name has the addresses.
  if (canonicals.size > 1 || canonical === undefined || canonical === name) {
    return local(addresses.map(({ address }) => addressRecord(name, address)))
  }
  const alias = recordOf(name, TYPE.CNAME, wireOfName(canonical))
  return local([alias, ...addresses.map(({ address }) => addressRecord(canonical, address))])
}

function fromReverse(table: HostsTable, name: Name): LocalAnswer | undefined {
  const address = addressOfReverseName(name)
  const names = address === undefined ? [] : table.namesOf(address)
  if (names.length === 0) return undefined
  return local(names.map((host) => recordOf(name, TYPE.PTR, wireOfName(host))))
}

function local(records: readonly ResourceRecord[]): LocalAnswer {
  return { exists: true, records: records.map((record) => ({ record, ifindex: 0 })) }
}
