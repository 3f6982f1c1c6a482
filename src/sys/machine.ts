import { promises as fs, readFileSync } from 'node:fs'
import { uptime } from 'node:os'
import { programName } from './program-name.ts'

/** CLOCK_BOOTTIME, in milliseconds. */
export function bootTime(): number {
  return uptime() * 1000
}

/** What a process calls itself, which may be anything, for people to read. */
export async function processName(pid: number): Promise<string | undefined> {
  const [name, cmdline] = await Promise.all(
    ['comm', 'cmdline'].map((file) => fs.readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => undefined)),
  )
  return name === undefined ? undefined : programName(name, cmdline ?? '')
}

/** 32 hexadecimal digits; undefined where the machine has none. */
export function machineId(): string | undefined {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim()
  } catch {
    return undefined
  }
}
