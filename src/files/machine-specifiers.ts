import { join } from 'node:path'
import type { Log } from '../base/index.ts'
import { type DnssdSpecifiers, parseEnvFile } from '../settings/index.ts'
import { firstExisting, orWarn } from './search-path.ts'
import { readText } from './read-text.ts'

/** What systemd calls the architectures for which there is Node; others are said as Node does. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'x86-64',
  ia32: 'x86',
  ppc64: 'ppc64-le',
  riscv64: 'riscv64',
  loong64: 'loongarch64',
  mipsel: 'mips-le',
}

/** What the specifiers in the names of services stand for on this machine (SD-F-4); empty where it does not say. */
export async function machineSpecifiers(root: string, architecture: string, log: Log): Promise<DnssdSpecifiers> {
  const at = (path: string) => join(root, path)
  const read = async (path: string) => ((await orWarn(log, () => readText(at(path)))) ?? '').trim()
  const release = await firstExisting([at('/etc/os-release'), at('/usr/lib/os-release')], log)
  const [text, machine, boot, kernel] = await Promise.all([
    release === undefined ? '' : orWarn(log, () => readText(release)),
    read('/etc/machine-id'),
    read('/proc/sys/kernel/random/boot_id'),
    read('/proc/sys/kernel/osrelease'),
  ])
  const system = parseEnvFile(text ?? '')
  const of = (key: string) => system.get(key) ?? ''
  return {
    a: ARCHITECTURES[architecture] ?? architecture,
    b: boot.replaceAll('-', ''),
    B: of('BUILD_ID'),
    m: machine,
    o: of('ID'),
    v: kernel,
    w: of('VERSION_ID'),
    W: of('VARIANT_ID'),
  }
}
