import { createSocket } from 'node:dgram'
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { resolve as resolvePath } from 'node:path'
import { printable } from '../../base/index.ts'
import { parseName, RCODE, TYPE, wireOfText } from '../../wire/index.ts'
import { BUS, BUS_TARGET, RESOLVE1 } from '../../dbus/index.ts'
import type { Context } from '../command/context.ts'
import { causeOf } from './cause.ts'
import { describeLinks, orElse, readDaemonFacts, unreachableServers } from './daemon-facts.ts'
import { filesIn, misnamedFiles, serverFiles } from './doctor-files.ts'
import { serverLinesIn } from './doctor-servers.ts'
import { openByTcp } from './doctor-tcp.ts'
import type { Why } from './why-reply.ts'
import type { Facts, Holder } from './doctor-findings.ts'
import { EXPLAIN_INTERFACE, OBSERVE_INTERFACE, RESOLVE_INTERFACE } from '../../varlink-idl/index.ts'
import {
  isForbidden,
  isUnavailable,
  RUNTIME_DIRECTORY,
  type VarlinkClient,
  VarlinkCallError,
  VarlinkTimeout,
} from '../client/varlink-client.ts'

/** Looks at everything once. What cannot be seen is not judged. */
export async function collectFacts(context: Context): Promise<Facts> {
  // Each of these waits for whom it asks, a frozen daemon among them: all at once, so that it is found within 3 s.
  const looks = Promise.all([doesStubAnswer(), busOwner(context)])
  const daemon = await whoServes(context.varlink)
  const isOurs = daemon === 'ours'
  const { links, lookups } = isOurs ? await probedLinks(context.varlink) : { links: [], lookups: [] }
  const [stubAnswers, bus] = await looks
  const unreachable = isOurs ? await unreachableServers(context.varlink) : []
  return {
    daemon,
    socket: context.varlink.socketPath(RESOLVE_INTERFACE),
    isTryOut: context.varlink.directory !== RUNTIME_DIRECTORY,
    isLoopbackUp: (Number(tryOr(() => readFileSync('/sys/class/net/lo/flags', 'latin1'), IFF_UP)) & IFF_UP) !== 0,
    unreadable: READ_BY_ALL.filter((file) => (tryOr(() => statSync(file).mode, OTHERS_READ) & OTHERS_READ) === 0),
    daemonUid: tryOr(() => statSync(context.varlink.socketPath(RESOLVE_INTERFACE)).uid, undefined),
    links,
    lookups,
    tcpOpen: await openByTcp(links),
    misnamed: misnamedFiles(),
    serverLines: serverFiles().flatMap((file) =>
      serverLinesIn(
        file,
        tryOr(() => readFileSync(file, 'utf8'), ''),
      ),
    ),
    configWarnings: isOurs ? await configWarnings(context.varlink) : [],
    unreachable,
    ...(isOurs ? await loadOf(context.varlink) : { refusals: undefined, turns: [] }),
    nsswitch: existsSync(NSSWITCH) ? tryOr(() => readFileSync(NSSWITCH, 'utf8'), undefined) : '',
    nssModules: installedModules(),
    resolvConf: {
      text: tryOr(() => readFileSync('/etc/resolv.conf', 'utf8'), undefined),
      target: tryOr(() => targetOf('/etc/resolv.conf'), undefined),
    },
    port53: holdersOf(/^(?:3500007F|0{8}|0{32}):0035$/),
    port5353: holdersOf(/^(?:0{8}|0{32}):14E9$/),
    stubAnswers,
    bus,
  }
}

const IFF_UP = 1
const OTHERS_READ = 0o004
const NSSWITCH = '/etc/nsswitch.conf'
const READ_BY_ALL = ['/etc/resolv.conf', NSSWITCH, '/etc/hosts']
const PATIENCE_MS = 2000

async function whoServes(varlink: VarlinkClient): Promise<Facts['daemon']> {
  try {
    await varlink.call(OBSERVE_INTERFACE, 'DescribeLinks', {}, FROZEN_AFTER_MS)
    return 'ours'
  } catch (error) {
    if (error instanceof VarlinkTimeout) return 'frozen'
    if (isForbidden(error)) return 'forbidden'
    if (!isUnavailable(error)) throw error
    return error instanceof VarlinkCallError ? 'other' : 'none'
  }
}

/** Looking at links waits for nobody. */
const FROZEN_AFTER_MS = 2500

/** One question by each scope that takes any, so that what is said of its servers is fresh; and one by whoever takes the rest. */
async function probedLinks(varlink: VarlinkClient): Promise<Pick<Facts, 'links' | 'lookups'>> {
  const before = await describeLinks(varlink)
  const probes = [
    ...before
      .filter(
        ({ inUse, ifindex, domains, defaultRoute }) =>
          inUse && (domains.length > 0 || (ifindex !== undefined && defaultRoute)),
      )
      .map(({ ifindex = 0, domains, scope }) => ({ name: probeName(domains), ifindex, by: ` by ${scope}` })),
    { name: '.', ifindex: 0, by: '' },
  ]
  const failed = await Promise.all(probes.map((probe) => failureOf(probe, varlink)))
  const facts = await readDaemonFacts(varlink)
  const now = Date.now() * 1000
  const lookups = failed.flatMap((why, i) => {
    const { name = '.', by = '' } = probes[i] ?? {}
    if (why === undefined) return []
    const { cause, repair = `tsresolvectl why ${name}` } = causeOf({ why, now, ...facts })
    return [{ question: `A lookup of ${name === '.' ? 'the root' : name}${by}`, cause, repair }]
  })
  return { links: await describeLinks(varlink), lookups }
}

async function configWarnings(varlink: VarlinkClient): Promise<Facts['configWarnings']> {
  return (await varlink.call(OBSERVE_INTERFACE, 'ListConfigurationWarnings', {})).warnings
}

/** Nothing of a daemon of before, which does not know the method. */
async function loadOf(varlink: VarlinkClient): Promise<Pick<Facts, 'refusals' | 'turns'>> {
  const load = await orElse(varlink.call(OBSERVE_INTERFACE, 'DescribeLoad', {}), undefined)
  if (load === undefined) return { refusals: undefined, turns: [] }
  const { refused: count, lastRefusedUSec: at, longestTurns } = load
  return {
    refusals: at === undefined ? undefined : { count, ago: Date.now() * 1000 - at },
    turns: longestTurns.map(({ what, tookUSec }) => ({ what, took: tookUSec / 1000 })),
  }
}

/** What a link claims, else the root, which everybody knows. */
function probeName(domains: readonly string[]): string {
  return domains.map((domain) => domain.replace(/^~/, '')).find((domain) => domain !== '.') ?? '.'
}

/** Any reply about the name will do, NXDOMAIN with it, and REFUSED, as not everybody gives the root; else what became of it. */
async function failureOf(
  { name, ifindex }: { name: string; ifindex: number },
  varlink: VarlinkClient,
): Promise<Why | undefined> {
  const why = await varlink.call(EXPLAIN_INTERFACE, 'Why', {
    name,
    types: [TYPE.SOA],
    ifindex,
    ask: true,
    flags: NO_SYNTHESIZE | NO_CACHE,
  })
  const { state, failure } = why.asked ?? {}
  const isAnswer =
    failure === undefined || state === 'nodata' || failure.rcode === RCODE.NXDOMAIN || failure.rcode === RCODE.REFUSED
  return isAnswer ? undefined : why
}

/** An own answer for the root would hide that no server has one. */
const NO_SYNTHESIZE = 0x800
const NO_CACHE = 0x1000

async function busOwner(context: Context): Promise<Facts['bus']> {
  const bus = await context.bus().catch(() => undefined)
  if (bus === undefined) return undefined
  try {
    const [uid] = await bus.call(BUS, 'GetConnectionUnixUser', [RESOLVE1], { target: BUS_TARGET })
    const [pid] = await bus.call(BUS, 'GetConnectionUnixProcessID', [RESOLVE1], { target: BUS_TARGET })
    return { owner: { uid, ...nameOf(pid) } }
  } catch {
    return { owner: undefined }
  }
}

/** Asks the stub for `localhost`, which it always knows. */
function doesStubAnswer(): Promise<boolean> {
  const name = wireOfText(parseName('localhost') ?? '')
  const query = Buffer.concat([
    Buffer.from('2a2a01000001000000000000', 'hex'),
    name ?? Buffer.of(0),
    Buffer.of(0, 1, 0, 1),
  ])
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    const end = (answers: boolean) => {
      clearTimeout(timer)
      socket.close()
      resolve(answers)
    }
    const timer = setTimeout(() => end(false), PATIENCE_MS)
    socket.once('message', () => end(true))
    socket.once('error', () => end(false))
    socket.connect(53, '127.0.0.53', () => socket.send(query))
  })
}

/** Who has sockets at an address and port, as the kernel writes them (proc_net_tcp.txt; 0A: listening). */
function holdersOf(place: RegExp): Holder[] {
  const lines = ['udp', 'udp6', 'tcp', 'tcp6'].flatMap((file) =>
    tryOr(() => readFileSync(`/proc/net/${file}`, 'latin1'), '')
      .split('\n')
      .map((line) => ({ isStream: file.startsWith('tcp'), fields: line.trim().split(/\s+/) })),
  )
  const sockets = lines.flatMap(({ isStream, fields: [, local = '', , state, , , , uid, , inode] }) => {
    return place.test(local) && (!isStream || state === '0A') ? [{ uid: Number(uid), inode: `socket:[${inode}]` }] : []
  })
  const owners = sockets.length === 0 ? new Map<string, number>() : processesOf(sockets.map(({ inode }) => inode))
  const holders = new Map(
    sockets.map(({ uid, inode }) => [`${uid} ${owners.get(inode)}`, { uid, ...nameOf(owners.get(inode)) }]),
  )
  return [...holders.values()]
}

/** The process of each socket, as far as it may be seen. */
function processesOf(sockets: readonly string[]): Map<string, number> {
  const found = new Map<string, number>()
  for (const pid of tryOr(() => readdirSync('/proc'), []).filter((name) => /^\d+$/.test(name))) {
    for (const fd of tryOr(() => readdirSync(`/proc/${pid}/fd`), [])) {
      const target = tryOr(() => readlinkSync(`/proc/${pid}/fd/${fd}`), '')
      if (sockets.includes(target)) found.set(target, Number(pid))
    }
  }
  return found
}

function nameOf(pid: number | undefined): Omit<Holder, 'uid'> {
  if (pid === undefined) return {}
  const group = tryOr(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8'), '')
  const process = tryOr(() => printable(readFileSync(`/proc/${pid}/comm`, 'utf8').trim()), 'a process')
  return { pid, process, unit: /\/([\w@.\\-]+\.service)\s*$/m.exec(group)?.[1] }
}

function installedModules(): string[] {
  const directories = [
    '/lib',
    '/usr/lib',
    '/lib64',
    '/usr/lib64',
    ...libraryDirectories('/lib'),
    ...libraryDirectories('/usr/lib'),
  ]
  return ['resolve', 'tsresolve', 'dns', 'files'].filter((module) =>
    directories.some((directory) => existsSync(`${directory}/libnss_${module}.so.2`)),
  )
}

function libraryDirectories(parent: string): string[] {
  return filesIn(parent).filter((path) => path.endsWith('-linux-gnu'))
}

/** Where a symbolic link leads, whether that exists or not. Throws for a plain file. */
function targetOf(path: string): string {
  const target = resolvePath('/etc', readlinkSync(path))
  return tryOr(() => realpathSync(target), target)
}

function tryOr<T, U>(look: () => T, otherwise: U): T | U {
  try {
    return look()
  } catch {
    return otherwise
  }
}
