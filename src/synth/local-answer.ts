import type { IfIndex } from '../base/index.ts'
import type { ResourceRecord } from '../wire/index.ts'

/** What this machine says itself about a name: records, an empty answer (NODATA) or that the name does not exist. */
export interface LocalAnswer {
  readonly exists: boolean
  readonly records: readonly { readonly record: ResourceRecord; readonly ifindex: IfIndex }[]
}

export const NODATA: LocalAnswer = { exists: true, records: [] }
export const NXDOMAIN: LocalAnswer = { exists: false, records: [] }
