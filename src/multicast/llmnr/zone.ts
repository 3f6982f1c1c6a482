import { AF_INET, type IpAddress } from '../../base/index.ts'
import {
  addressOfReverseName,
  CLASS,
  type Name,
  type Question,
  recordOf,
  type ResourceRecord,
  reverseNameOf,
  TYPE,
  wireOfText,
} from '../../wire/index.ts'
import type { MulticastLink } from '../network.ts'
import { LLMNR_TTL } from './message.ts'

/** What this machine answers for on a link. */
export interface LlmnrZone {
  /** As it is written to others. */
  readonly label: string
  readonly name: Name
  /** Only those of the link are told there (LL-R-3). */
  readonly link: Pick<MulticastLink, 'addresses'>
}

export interface ZoneAnswer {
  readonly answer: readonly ResourceRecord[]
  /** The SOA where there is nothing of the type (LL-W-4). */
  readonly authority: readonly ResourceRecord[]
  /** It is of the label, which may turn out to be somebody else's, and not of an address. */
  readonly isOfLabel: boolean
}

/**
 * What we know of the name; undefined for names that are not ours, those below ours too: about these nothing is said (LL-R-1).
 * Other than systemd-resolved, all addresses of the link are told over either IP version, as RFC 4795 §2.3 has it.
 */
export function answerOf(question: Question, zone: LlmnrZone, asker: IpAddress): ZoneAnswer | undefined {
  if (question.class !== CLASS.IN && question.class !== CLASS.ANY) return undefined
  const isOfLabel = question.name === zone.name
  const records = isOfLabel ? addressRecords(zone, asker) : pointers(question.name, zone)
  if (records.length === 0 && !isOfLabel) return undefined
  const answer = records.filter(({ type }) => type === question.type || question.type === TYPE.ANY)
  return { answer, authority: answer.length === 0 ? [soaOf(question.name)] : [], isOfLabel }
}

/** Those first that the asker reaches without doubt: link-local ones when it has such itself, else the others (LL-R-3). */
function addressRecords({ name, link }: LlmnrZone, asker: IpAddress): ResourceRecord[] {
  const isNear = ({ isLinkLocal }: IpAddress) => isLinkLocal === asker.isLinkLocal
  const addresses = link.addresses.map(({ address }) => address)
  const sorted = [...addresses.filter(isNear), ...addresses.filter((address) => !isNear(address))]
  return sorted.map((address) => {
    return recordOf(name, address.family === AF_INET ? TYPE.A : TYPE.AAAA, address.bytes, LLMNR_TTL)
  })
}

function pointers(name: Name, { label, link }: LlmnrZone): ResourceRecord[] {
  const asked = addressOfReverseName(name)
  const isOurs = asked !== undefined && link.addresses.some(({ address }) => address.equals(asked))
  return isOurs ? [recordOf(reverseNameOf(asked), TYPE.PTR, wireOfText(label) as Buffer, LLMNR_TTL)] : []
}

/** MNAME and RNAME the root, serial and timers without meaning, MINIMUM how long it holds. */
function soaOf(name: Name): ResourceRecord {
  const rdata = Buffer.alloc(22)
  rdata.writeUInt32BE(1, 2)
  rdata.writeUInt32BE(LLMNR_TTL, 18)
  return recordOf(name, TYPE.SOA, rdata, LLMNR_TTL)
}
