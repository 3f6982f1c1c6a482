import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { billOfMaterials } from './bill-of-materials.ts'
import { ARCHITECTURES, type Architecture, CONFFILES, controlText, MACHINES, MAINTAINER } from './control.ts'
import { fetched, NODE_VERSION } from './runtime.ts'

/*
 * `npm run package [-- --arch amd64|arm64] [--version V] [--output DIR] [--compression xz|none]`: the Debian package. Needs dpkg-deb,
 * a C compiler for the machine (for arm64 gcc-aarch64-linux-gnu) and, the first time, the network. Equal sources make equal
 * bytes: all times are those of the last commit, or $SOURCE_DATE_EPOCH.
 */
const root = resolve(import.meta.dirname, '../..')
const packaging = import.meta.dirname
const { values } = parseArgs({
  options: {
    arch: { type: 'string', default: 'amd64' },
    version: { type: 'string', default: versionOfPackage() },
    output: { type: 'string', default: root },
    compression: { type: 'string', default: 'xz' },
  },
})
const architecture = ARCHITECTURES.find((each) => each === values.arch)
if (architecture === undefined) throw new Error(`--arch: ${values.arch} is none of ${ARCHITECTURES.join(', ')}`)
process.stdout.write(`${buildPackage(architecture)}\n`)

function buildPackage(machine: Architecture): string {
  process.umask(0o022)
  const stage = mkdtempSync(join(tmpdir(), 'tsresolved-package-'))
  chmodSync(stage, 0o755) // it becomes the root of the tree
  try {
    stageProgram(stage, machine)
    stageModule(stage, machine)
    stageMachine(stage)
    stageTexts(stage, machine)
    stageControl(stage, machine)
    setTimes(stage, epoch())
    return pack(stage, machine)
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

/** Daemon and client, what they need to run, and the names they are called by. */
function stageProgram(stage: string, machine: Architecture): void {
  const { node, triplet } = MACHINES[machine]
  const home = join(stage, 'usr/lib/tsresolved')
  const modules = process.arch === node ? [] : [fetched('@koromix/koffi-linux-arm64@3.3.4', cache())]
  run(process.execPath, [
    join(root, 'node_modules/tsx/dist/cli.mjs'),
    join(root, 'build.ts'),
    join(home, 'dist'),
    node,
    ...modules,
  ])
  rmSync(join(home, `dist/node_modules/@koromix/koffi-linux-${node}/musl_${node}`), { recursive: true })
  copy(join(root, 'package.json'), join(home, 'package.json'))
  copy(join(fetched(`node-linux-${node}@${NODE_VERSION}`, cache()), 'bin/node'), join(home, 'node'), 0o755)
  for (const path of filesIn(home))
    if (/(?:\/node|\.node)$/.test(path)) run(`${prefix(triplet)}strip`, ['--strip-unneeded', path])
  // Made where it is installed: it fits one Node on one kind of machine, and is never the same twice.
  for (const folder of ['dist', 'dist/cli']) rmSync(join(home, folder, 'program.cache'))
  copy(join(root, 'config/code-cache.cjs'), join(home, 'code-cache.cjs'))
  for (const program of ['main.js', 'cli/main.js']) withRuntime(join(home, 'dist', program))
  link(stage, 'usr/sbin/tsresolved', '../lib/tsresolved/dist/main.js')
  for (const name of ['bin/tsresolvectl', 'bin/resolvectl', 'bin/systemd-resolve', 'sbin/resolvconf']) {
    link(stage, `usr/${name}`, '../lib/tsresolved/dist/cli/main.js')
  }
}

/** The runtime of the package, and no other that may be in PATH. */
function withRuntime(program: string): void {
  const text = readFileSync(program, 'utf8')
  writeFileSync(program, replaced(text, '#!/usr/bin/env node', '#!/usr/lib/tsresolved/node'))
}

/** The C library finds it in its own folder; `repair_names` in functions.sh says what the other is for. */
function stageModule(stage: string, machine: Architecture): void {
  const { triplet } = MACHINES[machine]
  const build = mkdtempSync(join(tmpdir(), 'tsresolved-nss-'))
  const compiler = process.arch === MACHINES[machine].node ? 'cc' : `${triplet}-gcc`
  run('make', [
    '-s',
    '-C',
    join(root, 'nss'),
    `BUILD=${build}`,
    `CC=${compiler}`,
    'CFLAGS=-O2',
    `LIBDIR=/usr/lib/${triplet}`,
    `DESTDIR=${stage}`,
    'install',
  ])
  rmSync(build, { recursive: true })
  const module = join(stage, `usr/lib/${triplet}/libnss_resolve.so.2`)
  run(`${prefix(triplet)}strip`, ['--strip-unneeded', module])
  copy(module, join(stage, 'usr/lib/tsresolved/libnss_resolve.so.2'))
}

/** What tells systemd, the bus and polkit of it, and the configuration. */
function stageMachine(stage: string): void {
  const config = (name: string, to: string) => copy(join(root, 'config', name), join(stage, to))
  config('resolved.conf', 'etc/systemd/resolved.conf')
  config('tsresolved.conf', 'etc/tsresolved.conf')
  config('sysusers.conf', 'usr/lib/sysusers.d/tsresolved.conf')
  config('org.freedesktop.resolve1.conf', 'usr/share/dbus-1/system.d/org.freedesktop.resolve1.conf')
  config('org.freedesktop.resolve1.policy', 'usr/share/polkit-1/actions/org.freedesktop.resolve1.policy')
  config('org.freedesktop.resolve1.service', 'usr/share/dbus-1/system-services/org.freedesktop.resolve1.service')
  copy(join(packaging, 'notify-reload.conf'), join(stage, 'usr/lib/tsresolved/notify-reload.conf'))
  copy(join(packaging, 'tmpfiles.conf'), join(stage, 'usr/lib/tmpfiles.d/tsresolved.conf'))
  const units = join(stage, 'usr/lib/systemd/system')
  for (const name of ['varlink', 'monitor']) {
    const text = readFileSync(join(root, `config/tsresolved-${name}.socket`), 'utf8')
    write(
      join(units, `tsresolved-${name}.socket`),
      replaced(text, '# For /etc/systemd/system, if wanted: ', '# If wanted: '),
    )
  }
  write(join(units, 'tsresolved.service'), packagedUnit(readFileSync(join(root, 'config/tsresolved.service'), 'utf8')))
  for (const alias of ['systemd-resolved', 'dbus-org.freedesktop.resolve1']) {
    link(units, `${alias}.service`, 'tsresolved.service')
  }
}

/**
 * The unit for /etc, in the places of a package. The names it is also known by are links beside it: systemd-resolved's own
 * links in /etc, which stay until that is purged, then lead to it, and its purge does no harm.
 */
function packagedUnit(text: string): string {
  const changes: readonly [string, string][] = [
    ['# For /etc/systemd/system: tsresolved', '# tsresolved'],
    ['RequiresMountsFor=/usr/local/bin /usr/local/lib/tsresolved', 'RequiresMountsFor=/usr/lib/tsresolved'],
    ['Conflicts=systemd-resolved.service shutdown.target', 'Conflicts=shutdown.target'],
    ['ExecStart=/usr/local/bin/tsresolved', 'ExecStart=/usr/sbin/tsresolved'],
    ['Alias=dbus-org.freedesktop.resolve1.service\n', ''],
  ]
  return changes.reduce((unit, [from, to]) => replaced(unit, from, to), text)
}

function stageTexts(stage: string, machine: Architecture): void {
  const share = join(stage, 'usr/share')
  const doc = join(share, 'doc/tsresolved')
  const man = join(root, 'config/man')
  for (const page of readdirSync(man).filter((name) => /\.[158]$/.test(name))) {
    write(join(share, `man/man${page.at(-1)}`, `${page}.gz`), zipped(readFileSync(join(man, page))))
  }
  for (const name of ['resolvectl.1', 'systemd-resolve.1']) link(share, `man/man1/${name}.gz`, 'tsresolvectl.1.gz')
  link(share, 'man/man8/resolvconf.8.gz', '../man1/tsresolvectl.1.gz')
  const client = join(root, 'src/cli/main.ts')
  const completion = (shell: string) =>
    execFileSync(process.execPath, ['--import', 'tsx', client, 'completion', shell], { cwd: root })
  write(join(share, 'bash-completion/completions/tsresolvectl'), completion('bash'))
  write(join(share, 'zsh/vendor-completions/_tsresolvectl'), completion('zsh'))
  write(join(share, 'fish/vendor_completions.d/tsresolvectl.fish'), completion('fish'))
  const licenses = readFileSync(join(stage, 'usr/lib/tsresolved/dist/LICENSES'), 'utf8')
  const ofNode = readFileSync(
    join(fetched(`node-linux-${MACHINES[machine].node}@${NODE_VERSION}`, cache()), 'LICENSE'),
    'utf8',
  )
  write(join(doc, 'copyright'), copyrightText(readFileSync(join(root, 'LICENSE'), 'utf8'), licenses, ofNode))
  write(join(doc, 'changelog.gz'), zipped(Buffer.from(changelogText())))
  write(join(doc, 'NEWS.md.gz'), zipped(readFileSync(join(root, 'CHANGELOG.md'))))
  write(join(doc, 'sbom.cdx.json'), billOfMaterials(root, licenses, NODE_VERSION))
  copy(join(packaging, 'lintian-overrides'), join(share, 'lintian/overrides/tsresolved'))
}

function copyrightText(own: string, packages: string, node: string): string {
  return (
    part('tsresolved', own) +
    part('Packages that are part of /usr/lib/tsresolved/dist', packages) +
    part(`/usr/lib/tsresolved/node: Node.js ${NODE_VERSION}, and what it is linked with`, node)
  )
}

function part(title: string, text: string): string {
  const line = '='.repeat(80)
  return `${line}\n${title}\n${line}\n\n${text.trim()}\n\n`
}

/** In Debian's form; what changed for people is in NEWS.md. */
function changelogText(): string {
  const date = new Date(epoch() * 1000).toUTCString().replace('GMT', '+0000')
  return `tsresolved (${values.version}) unstable; urgency=medium\n\n  * See NEWS.md.gz.\n\n -- ${MAINTAINER}  ${date}\n`
}

function stageControl(stage: string, machine: Architecture): void {
  const control = join(stage, 'DEBIAN')
  const functions = readFileSync(join(packaging, 'functions.sh'), 'utf8').replaceAll(
    '@MULTIARCH@',
    MACHINES[machine].triplet,
  )
  for (const name of ['config', 'preinst', 'postinst', 'prerm', 'postrm']) {
    write(join(control, name), replaced(readFileSync(join(packaging, name), 'utf8'), '#FUNCTIONS#\n', functions), 0o755)
  }
  for (const name of ['templates', 'triggers']) copy(join(packaging, name), join(control, name))
  write(join(control, 'conffiles'), `${CONFFILES.join('\n')}\n`)
  const files = filesIn(stage).filter((path) => !path.startsWith(control) && lstatSync(path).isFile())
  const sums = files.map(
    (path) => `${createHash('md5').update(readFileSync(path)).digest('hex')}  ${relative(stage, path)}\n`,
  )
  write(join(control, 'md5sums'), sums.join(''))
  const kibibytes = files.reduce((sum, path) => sum + Math.ceil(lstatSync(path).size / 1024), 0)
  write(join(control, 'control'), controlText(values.version, machine, kibibytes, glibcOf(stage, machine)))
}

/** The newest version of the C library that any of our binaries asks for. */
function glibcOf(stage: string, machine: Architecture): string {
  const binaries = filesIn(join(stage, 'usr/lib')).filter((path) => /(?:\/node|\.node|\.so\.2)$/.test(path))
  const versions = binaries.flatMap((path) => {
    const text = execFileSync(`${prefix(MACHINES[machine].triplet)}objdump`, ['-T', path], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    })
    return [...text.matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor))
  })
  return `2.${Math.max(...versions)}`
}

function pack(stage: string, machine: Architecture): string {
  const { version, output, compression } = values
  mkdirSync(output, { recursive: true })
  const file = join(output, `tsresolved_${version}_${machine}.deb`)
  run('dpkg-deb', ['--root-owner-group', `-Z${compression}`, '--threads-max=1', '--build', stage, file], {
    SOURCE_DATE_EPOCH: String(epoch()),
  })
  return file
}

function setTimes(folder: string, time: number): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) setTimes(path, time)
    lutimesSync(path, time, time)
  }
  lutimesSync(folder, time, time)
}

function epoch(): number {
  const given = process.env['SOURCE_DATE_EPOCH']
  return Number(given ?? execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }))
}

function versionOfPackage(): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version
}

function cache(): string {
  return join(root, '.cache/package')
}

/** Of binutils for another machine than this one. */
function prefix(triplet: string): string {
  return existsSync(`/usr/bin/${triplet}-strip`) ? `${triplet}-` : ''
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted()
}

function copy(from: string, to: string, mode = 0o644): void {
  mkdirSync(dirname(to), { recursive: true })
  cpSync(from, to)
  chmodSync(to, mode)
}

function write(path: string, content: string | Uint8Array, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  chmodSync(path, mode)
}

function link(stage: string, path: string, target: string): void {
  mkdirSync(dirname(join(stage, path)), { recursive: true })
  symlinkSync(target, join(stage, path))
}

/** Without name and time. */
function zipped(bytes: Uint8Array): Buffer {
  return gzipSync(bytes, { level: 9 })
}

/** @throws when the text has changed under us */
function replaced(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`'${from}' is not there to be replaced`)
  return text.replace(from, () => to)
}

function run(program: string, argv: readonly string[], environment: NodeJS.ProcessEnv = {}): void {
  execFileSync(program, argv, { env: { ...process.env, ...environment }, stdio: ['ignore', 'ignore', 'inherit'] })
}
