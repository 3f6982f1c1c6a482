/**
 * Sets domains and servers of two links over the bus as fast as they are acknowledged, run inside the machine, through
 * deaths of the daemon. After each death it looks whether the links show what was acknowledged last, or the one call
 * that was under way. Each line of output is a `Progress`.
 */
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { BusConnection, CODEC, PROPERTIES, type RemoteCall, RESOLVE1 } from '../../src/dbus/index.ts'

export interface Progress {
  readonly acknowledged: number
  /** Times that the daemon was gone and the settings were compared. */
  readonly looks: number
  readonly lost: readonly string[]
}

interface Setting {
  readonly property: string
  readonly call: (ifindex: number, value: number) => Pick<RemoteCall, 'member' | 'signature' | 'body'>
  /** What the property shows then. */
  readonly shown: (value: number) => unknown
}

const MANAGER = {
  destination: RESOLVE1,
  path: '/org/freedesktop/resolve1',
  interface: 'org.freedesktop.resolve1.Manager',
}
const LINK_INTERFACE = 'org.freedesktop.resolve1.Link'
const MAX_TOLD = 10
const addressOf = (value: number) => Buffer.from([10, 53, (value >> 8) & 0xff, value & 0xff])

const SETTINGS: readonly Setting[] = [
  {
    property: 'DNS',
    call: (ifindex, value) => ({
      member: 'SetLinkDNS',
      signature: 'ia(iay)',
      body: [ifindex, [[2, addressOf(value)]]],
    }),
    shown: (value) => [[2, [...addressOf(value)]]],
  },
  {
    property: 'Domains',
    call: (ifindex, value) => ({
      member: 'SetLinkDomains',
      signature: 'ia(sb)',
      body: [ifindex, [[`d${value}.test`, true]]],
    }),
    shown: (value) => [[`d${value}.test`, true]],
  },
  {
    property: 'DNSSECNegativeTrustAnchors',
    call: (ifindex, value) => ({
      member: 'SetLinkDNSSECNegativeTrustAnchors',
      signature: 'ias',
      body: [ifindex, [`n${value}.test`]],
    }),
    shown: (value) => [`n${value}.test`],
  },
]

const indices = process.argv.slice(1).map(Number)
const signal = new AbortController().signal
const nothing = { onCall: () => undefined, onSignal: () => undefined }
const bus = await BusConnection.open('/run/dbus/system_bus_socket', process.getuid?.() ?? 0, CODEC, nothing, signal)

/** As it was at the start. */
const NOTHING = 0
/** What each setting of each link may show: the value acknowledged last, and those of calls that no answer came to. */
const allowed = new Map<string, number[]>()
const lost: string[] = []
let acknowledged = 0
let looks = 0
let next = 1

/** One setter; false when no answer came. */
async function set(ifindex: number, setting: Setting): Promise<boolean> {
  const value = 1 + (next++ % 60_000)
  const key = `${ifindex} ${setting.property}`
  allowed.set(key, [...(allowed.get(key) ?? [NOTHING]), value])
  try {
    await bus.call({ ...MANAGER, ...setting.call(ifindex, value) }, AbortSignal.timeout(30_000))
    allowed.set(key, [value])
    acknowledged++
    return true
  } catch (error) {
    console.error(String(error))
    return false
  }
}

/** Waits for the daemon and compares. */
async function look(): Promise<void> {
  for (const ifindex of indices) {
    const all = await propertiesOf(ifindex)
    for (const { property, shown } of SETTINGS) {
      const values = allowed.get(`${ifindex} ${property}`)
      const found = JSON.stringify(plain(all[property]?.value))
      const match = values?.find((value) => JSON.stringify(value === NOTHING ? [] : shown(value)) === found)
      if (values === undefined || match !== undefined) {
        if (match !== undefined) allowed.set(`${ifindex} ${property}`, [match])
      } else if (lost.length < MAX_TOLD) lost.push(`${ifindex} ${property} is ${found}, not of ${values.join(', ')}`)
    }
  }
  looks++
}

async function propertiesOf(ifindex: number): Promise<Record<string, { readonly value: unknown }>> {
  const path = `/org/freedesktop/resolve1/link/_3${ifindex}`
  const call = {
    destination: RESOLVE1,
    path,
    interface: PROPERTIES.name,
    member: 'GetAll',
    signature: 's',
    body: [LINK_INTERFACE],
  }
  for (;;) {
    try {
      const [all] = await bus.call(call, AbortSignal.timeout(30_000))
      return all as Record<string, { readonly value: unknown }>
    } catch {
      await pause(20)
    }
  }
}

/** Bytes as numbers, as JSON would have them. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value]
  return Array.isArray(value) ? value.map(plain) : value
}

createInterface({ input: process.stdin }).on('close', () => process.exit(0))
console.log('setting')
for (;;) {
  const answered = await Promise.all(
    SETTINGS.map((setting, i) => set(indices[(i + next) % indices.length] as number, setting)),
  )
  if (answered.includes(false)) await look()
  console.log(JSON.stringify({ acknowledged, looks, lost } satisfies Progress))
}
