import { join } from 'node:path'
import { hasText, linkAtomically, targetOf, writeAtomically } from './write-atomically.ts'

/** File names that programs and packages know of systemd-resolved. */
export const UPLINK_NAME = 'resolv.conf'
export const STUB_NAME = 'stub-resolv.conf'
const MODE = 0o644

/** Keeps `resolv.conf` and `stub-resolv.conf` in the runtime directory up to date (R-RC-1). */
export class ResolvConfWriter {
  readonly uplinkPath: string
  readonly stubPath: string

  constructor(runtimeDirectory: string) {
    this.uplinkPath = join(runtimeDirectory, UPLINK_NAME)
    this.stubPath = join(runtimeDirectory, STUB_NAME)
  }

  /**
   * Files that already say so are left alone, so that nobody who watches them wakes up. Without a stub listener (`stub`
   * undefined) its file is a link to the other one (R-RC-3). @throws what node:fs throws
   */
  write(uplink: string, stub: string | undefined): void {
    putText(this.uplinkPath, uplink)
    if (stub !== undefined) putText(this.stubPath, stub)
    else if (targetOf(this.stubPath) !== UPLINK_NAME) linkAtomically(this.stubPath, UPLINK_NAME)
  }
}

function putText(path: string, text: string): void {
  if (!hasText(path, text)) writeAtomically(path, text, MODE)
}
