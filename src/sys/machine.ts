import { readFile } from 'node:fs/promises'
import { uptime } from 'node:os'
import { printable } from '../base/index.ts'

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
