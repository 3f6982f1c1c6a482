import { execFile } from 'node:child_process'
import { access, cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Programs we compare with or are used by. Installing these packages would rewrite the machine's own resolv.conf. */
const packages = ['systemd', 'systemd-resolved', 'libsystemd-shared', 'libnss-resolve']

/**
 * A folder of the clone, ignored by git, holding the unpacked packages, with systemd's private library in `shared/` and its
 * daemons in `daemons/`. Downloaded once with apt; never installed.
 */
export async function debianPrograms(): Promise<string> {
  const cache = process.env['TSRESOLVED_LAB_CACHE'] ?? join(import.meta.dirname, '../../../.cache/lab')
  const ready = join(cache, 'debian')
  if (await exists(join(ready, 'daemons', 'systemd-resolved'))) return ready
  await mkdir(cache, { recursive: true })
  const work = await mkdtemp(join(cache, 'unpack-'))
  try {
    await unpack(work)
    await rename(work, ready)
  } catch (cause) {
    throw new Error(`cannot fetch ${packages.join(', ')} with apt-get download; run test/setup.sh first`, { cause })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return ready
}

async function unpack(folder: string): Promise<void> {
  await run('apt-get', ['download', '-qq', ...packages], { cwd: folder })
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.deb'))) {
    await run('dpkg', ['-x', join(folder, file), folder])
    await rm(join(folder, file))
  }
  // Debian 12 still has /lib beside /usr/lib, and the library's folder carries the architecture's name.
  const found = await run('find', [folder, '-type', 'd', '-path', '*/systemd', '-path', '*lib/*'])
  for (const each of found.stdout.trim().split('\n')) {
    const names = await readdir(each)
    if (names.some((name) => name.startsWith('libsystemd-shared')))
      await cp(each, join(folder, 'shared'), { recursive: true })
    if (names.includes('systemd-resolved')) await cp(each, join(folder, 'daemons'), { recursive: true })
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
