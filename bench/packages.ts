import { execFile } from 'node:child_process'
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { debianPrograms } from '../test/lab/kit/debian.ts'
import { inside } from '../test/lab/kit/world.ts'

const run = promisify(execFile)

/** Package and program. Installing some of these would start a server on this machine, so none is installed. */
const programs = { unbound: 'unbound', dnsmasq: 'dnsmasq-base', dnsperf: 'dnsperf', strace: 'strace' } as const
const folder = 'bench'

/** Downloads what this machine does not have, with what it depends on, beside systemd-resolved; once. */
export async function fetchPrograms(): Promise<void> {
  const root = await debianPrograms()
  for (const [program, name] of Object.entries(programs)) {
    if (!(await has(`/usr/sbin/${program}`, `/usr/bin/${program}`, join(root, folder, program)))) {
      await fetchPackage(root, program, name)
    }
  }
}

/** The command for such a program, as seen from inside a world. */
export async function debianProgram(program: string): Promise<string[]> {
  const own = join(await debianPrograms(), folder, program)
  for (const path of [`usr/sbin/${program}`, `usr/bin/${program}`]) {
    if (await has(`/${path}`)) return [`/${path}`]
    if (!(await has(join(own, path)))) continue
    const libraries = (await run('find', [own, '-name', '*.so*', '-printf', '%h\\n'])).stdout.trim().split('\n')
    const root = `${inside.debian}/${folder}/${program}`
    const paths = [...new Set(libraries)].map((each) => each.replace(own, root)).join(':')
    return paths === '' ? [`${root}/${path}`] : ['env', `LD_LIBRARY_PATH=${paths}`, `${root}/${path}`]
  }
  throw new Error(`${program} is not here`)
}

/** apt works out what is missing; nothing is installed. */
async function fetchPackage(root: string, program: string, name: string): Promise<void> {
  const { stdout } = await run('apt-get', ['install', '--simulate', '--no-install-recommends', name])
  const missing = [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, each]) => each as string)
  await mkdir(join(root, folder), { recursive: true })
  const work = await mkdtemp(join(root, folder, 'unpack-'))
  try {
    await run('apt-get', ['download', '-qq', ...missing], { cwd: work })
    for (const file of (await readdir(work)).filter((each) => each.endsWith('.deb'))) {
      await run('dpkg', ['-x', join(work, file), work])
      await rm(join(work, file))
    }
    await rename(work, join(root, folder, program))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function has(...paths: readonly string[]): Promise<boolean> {
  const found = await Promise.allSettled(paths.map((path) => access(path)))
  return found.some(({ status }) => status === 'fulfilled')
}
