import { execFile } from 'node:child_process'
import { access, chmod, cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { inside } from './places.ts'

const run = promisify(execFile)

/** Programs we compare with or are used by. Installing these packages would rewrite the machine's own resolv.conf. */
const packages = ['systemd', 'systemd-resolved', 'libsystemd-shared', 'libnss-resolve']

/** Clients that only some cases need, each with the libraries a machine may lack. */
// biome-ignore format: one client per line
const extras = {
  openvpn: ['openvpn-systemd-resolved'],
  'network-manager': [
    'network-manager', 'libnm0', 'libbluetooth3', 'libcurl3-gnutls', 'libmm-glib0', 'libndp0', 'libnewt0.52', 'libpsl5',
    'libteamdctl0', 'libjansson4', 'libslang2', 'libnghttp2-14', 'librtmp1', 'libssh2-1', 'libldap-2.5-0', 'libsasl2-2',
  ],
  prometheus: ['python3-prometheus-client', 'python3-decorator'],
  shells: ['zsh', 'zsh-common', 'fish', 'fish-common', 'libpcre2-32-0'],
  unbound: ['unbound', 'libevent-2.1-7', 'libnghttp2-14', 'libprotobuf-c1', 'libpython3.11'],
  'unbound-host': ['unbound-host', 'libunbound8', 'libevent-2.1-7'],
  ldnsutils: ['ldnsutils', 'libldns3'],
  bind9: ['bind9', 'bind9-libs'],
  'bind9-utils': ['bind9-utils', 'bind9-libs'],
  dnsdist: [
    'dnsdist', 'libcdb1', 'libwslay1', 'libh2o-evloop0.13', 'libluajit-5.1-2', 'libre2-9', 'libsnmp40', 'libpci3',
    'libwrap0', 'libedit2', 'libfstrm0', 'liblmdb0', 'libsodium23', 'libnghttp2-14',
  ],
  'knot-dnsutils': [
    'knot-dnsutils', 'libdnssec9', 'libknot13', 'libzscanner4', 'libfstrm0', 'libmnl0', 'libnghttp2-14', 'libprotobuf-c1',
    'libedit2', 'libbsd0', 'libxdp1', 'libbpf1',
  ],
  'knot-resolver': [
    'knot-resolver', 'dns-root-data', 'libdnssec9', 'libknot13', 'libzscanner4', 'libfstrm0', 'libxdp1', 'libbpf1',
    'libjemalloc2', 'liblmdb0', 'libluajit-5.1-2', 'lua-sec', 'lua-socket', 'libnghttp2-14', 'libprotobuf-c1', 'libedit2',
    'libbsd0',
  ],
  avahi: [
    'avahi-daemon', 'avahi-utils', 'libavahi-common3', 'libavahi-core7', 'libavahi-client3', 'libdaemon0', 'libgdbm6',
  ],
  zeroconf: ['python3-zeroconf', 'python3-ifaddr', 'python3-async-timeout'],
  'mdns-scan': ['mdns-scan'],
  openrc: ['openrc', 'librc1', 'libeinfo1'],
  llmnrd: ['llmnrd'],
  polkit: ['polkitd', 'libpolkit-gobject-1-0', 'libpolkit-agent-1-0', 'libduktape207'],
} as const

/**
 * A folder of the clone, ignored by git, holding the unpacked packages, with systemd's private library in `shared/` and its
 * daemons in `daemons/`. Downloaded once with apt; never installed.
 */
export async function debianPrograms(): Promise<string> {
  const cache = process.env['TSRESOLVED_LAB_CACHE'] ?? join(import.meta.dirname, '../../../.cache/lab')
  return unpackOnce(packages, cache, 'debian', gatherSystemd)
}

/** Unpacks a client; gives where it is seen from inside a world. */
export async function debianExtra(name: keyof typeof extras): Promise<string> {
  await unpackOnce(extras[name], join(await debianPrograms(), 'extra'), name)
  return `${inside.debian}/extra/${name}`
}

/** Everything of the above. */
export async function fetchDebian(): Promise<void> {
  await debianPrograms()
  for (const name of Object.keys(extras)) await debianExtra(name as keyof typeof extras)
}

/** The folder appears in one step, when it is complete. */
async function unpackOnce(
  names: readonly string[],
  parent: string,
  name: string,
  finish?: (folder: string) => Promise<void>,
): Promise<string> {
  const ready = join(parent, name)
  if (await exists(ready)) return ready
  await mkdir(parent, { recursive: true })
  const work = await mkdtemp(join(parent, 'unpack-'))
  try {
    await unpack(names, work)
    await finish?.(work)
    await chmod(work, 0o755)
    await rename(work, ready)
  } catch (cause) {
    throw new Error(`cannot fetch ${names.join(', ')} with apt-get download; run test/setup.sh first`, { cause })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return ready
}

async function unpack(names: readonly string[], folder: string): Promise<void> {
  await download(names, folder)
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.deb'))) {
    await run('dpkg', ['-x', join(folder, file), folder])
    await rm(join(folder, file))
  }
}

/** What a network spoils once goes well the second time; package lists may be too old for what is there now. */
async function download(names: readonly string[], cwd: string, attempts = 3): Promise<void> {
  try {
    await run('apt-get', ['download', '-qq', '-o', 'Acquire::Retries=3', ...names], { cwd })
  } catch (cause) {
    if (attempts <= 1) throw cause
    console.error(`apt-get download failed, and is tried again: ${String(cause)}`)
    await pause(3000)
    if (process.getuid?.() === 0) await run('apt-get', ['update', '-qq']).catch(() => undefined) // the download will tell
    await download(names, cwd, attempts - 1)
  }
}

/** Debian 12 still has /lib beside /usr/lib, and the library's folder carries the architecture's name. */
async function gatherSystemd(folder: string): Promise<void> {
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
