import { chmodSync } from 'node:fs'
import { nameOf, typeText } from '../../../src/wire/index.ts'
import { hookRecords, HookServer } from '../../kit/hook-server.ts'
import type { HookSetup } from './hook.ts'

const [path = '', setup = '{}'] = process.argv.slice(1)
const { domains, records = {}, isSilent = false } = JSON.parse(setup) as HookSetup
const known = new Map(Object.entries(records).map(([key, texts]) => [key.toLowerCase(), texts]))

/** As networkd does it: the name's own records, else NXDOMAIN for names it has the say in. */
function answer(keys: readonly { readonly name: string; readonly type: number }[]) {
  if (isSilent) return 'silence'
  const found = keys.flatMap(({ name, type }) => known.get(`${nameOf(name)} ${typeText(type)}`.toLowerCase()) ?? [])
  if (found.length > 0) return hookRecords(...found)
  return domains === undefined ? {} : { rcode: 3 }
}

async function main(): Promise<void> {
  await HookServer.open(path, { answer, filter: domains === undefined ? {} : { filterDomains: domains } })
  chmodSync(path, 0o666)
  console.log('listening')
}

void main()
