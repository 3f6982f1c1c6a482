import { createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { uptime } from 'node:os'
import { printable } from '../base/index.ts'
import type { ClientIdentity, QueryClient } from '../resolve/index.ts'
import { ClientProcesses } from '../sys/index.ts'

/** Tells whose socket a client of the stub asks from, where that is on this machine. */
export function clientProcesses(): (client: QueryClient) => ClientIdentity | undefined {
  const owners = new ClientProcesses()
  return ({ door, address, port = 0 }) => {
    if (address === undefined || (door !== 'udp' && door !== 'tcp')) return undefined
    const owner = owners.find(address, port, door)
    return owner && { uid: owner.uid, pid: owner.process?.pid, process: owner.process?.name }
  }
}

/** CLOCK_BOOTTIME, in milliseconds. */
export function bootTime(): number {
  return uptime() * 1000
}

/** What a process calls itself, which may be anything, for people to read. */
export async function processName(pid: number): Promise<string | undefined> {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => undefined)
  return name === undefined ? undefined : printable(name.trim())
}

/** 32 hexadecimal digits; undefined where the machine has none. */
export async function machineId(): Promise<string | undefined> {
  return (await readFile('/etc/machine-id', 'utf8').catch(() => undefined))?.trim()
}

/** A name of this resolver that tells machines apart without giving the machine id away (R-STUB-16). */
export function nsid(machine: string | undefined): string {
  const digest = createHmac('sha256', machine ?? '')
    .update('tsresolved nsid')
    .digest('hex')
  return `${digest.slice(0, 32)}.resolved.systemd.io`
}
