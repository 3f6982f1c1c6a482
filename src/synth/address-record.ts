import { AF_INET, type IpAddress } from '../base/index.ts'
import type { Name, ResourceRecord } from '../wire/index.ts'
import { recordOf, TYPE } from '../wire/index.ts'

/** An A or AAAA record of our own. */
export function addressRecord(name: Name, address: IpAddress): ResourceRecord {
  return recordOf(name, address.family === AF_INET ? TYPE.A : TYPE.AAAA, address.bytes)
}
