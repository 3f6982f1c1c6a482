import { createSocket } from 'node:dgram'
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { resolve as resolvePath } from 'node:path'
import { printable } from '../../base/index.ts'
import { parseName, TYPE, wireOfText } from '../../wire/index.ts'
import { BUS, BUS_TARGET, RESOLVE1 } from '../../dbus/index.ts'
import type { Context } from '../command/context.ts'
import { unreachableServers } from './daemon-facts.ts'
import type { Facts, LinkView } from './doctor-checks.ts'
import { EXPLAIN_INTERFACE, OBSERVE_INTERFACE, RESOLVE_INTERFACE } from '../../varlink-idl/index.ts'
import { isUnavailable, type VarlinkClient, VarlinkCallError } from '../client/varlink-client.ts'

/** Looks at everything once. What cannot be seen is not judged. */
export async function collectFacts(context: Context): Promise<Facts> {
  const daemon = await whoServes(context.varlink)
  const links = daemon === 'ours' ? await probedLinks(context.varlink) : []
  const [stubAnswers, bus, unreachable] = await Promise.all([
    doesStubAnswer(),
    busOwner(context),
    unreachableServers(context.varlink),
  ])
  return {
    daemon,
    daemonUid: tryOr(() => statSync(context.varlink.socketPath(RESOLVE_INTERFACE)).uid, undefined),
    links,
    configWarnings: daemon === 'ours' ? await configWarnings(context.varlink) : [],
    unreachable,
    nsswitch: tryOr(() => readFileSync('/etc/nsswitch.conf', 'utf8'), undefined),
    nssModules: installedModules(),
    resolvConf: {
      text: tryOr(() => readFileSync('/etc/resolv.conf', 'utf8'), undefined),
      target: tryOr(() => targetOf('/etc/resolv.conf'), undefined),
    },
    port53: [...new Set(['udp', 'tcp'].flatMap((transport) => holdersOf53(transport)))],
    stubAnswers,
    bus,
  }
}

const PATIENCE_MS = 2000

async function whoServes(varlink: VarlinkClient): Promise<Facts['daemon']> {
  try {
    await varlink.call(OBSERVE_INTERFACE, 'DescribeLinks', {})
    return 'ours'
  } catch (error) {
    if (!isUnavailable(error)) throw error
    return error instanceof VarlinkCallError ? 'other' : 'none'
  }
}

/** One question by each link first, so that what is said of its servers is fresh. */
async function probedLinks(varlink: VarlinkClient): Promise<readonly LinkView[]> {
  const before = await describeLinks(varlink)
  await Promise.all(before.filter(({ inUse }) => inUse).map((link) => probe(varlink, link)))
  return describeLinks(varlink)
}

async function describeLinks(varlink: VarlinkClient): Promise<readonly LinkView[]> {
  return (await varlink.call(OBSERVE_INTERFACE, 'DescribeLinks', {})).links
}

async function configWarnings(varlink: VarlinkClient): Promise<Facts['configWarnings']> {
  return (await varlink.call(OBSERVE_INTERFACE, 'ListConfigurationWarnings', {})).warnings
}

/** What the link claims, else the root, which everybody knows; any answer will do. */
async function probe(varlink: VarlinkClient, { ifindex = 0, domains }: LinkView): Promise<void> {
  const name = domains.map((domain) => domain.replace(/^~/, '')).find((domain) => domain !== '.') ?? '.'
  await varlink.call(EXPLAIN_INTERFACE, 'ResolveRecord', { name, type: TYPE.SOA, ifindex, flags: NO_CACHE })
}

const NO_CACHE = 0x1000

async function busOwner(context: Context): Promise<Facts['bus']> {
  const bus = await context.bus().catch(() => undefined)
  if (bus === undefined) return undefined
  try {
    const [uid] = await bus.call(BUS, 'GetConnectionUnixUser', [RESOLVE1], { target: BUS_TARGET })
    const [pid] = await bus.call(BUS, 'GetConnectionUnixProcessID', [RESOLVE1], { target: BUS_TARGET })
    const process = tryOr(() => printable(readFileSync(`/proc/${pid}/comm`, 'utf8').trim()), 'a process')
    return { owner: { uid, process } }
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

/** Users of sockets on port 53 of 127.0.0.53 or of all addresses (proc_net_tcp.txt; 0A: listening). */
function holdersOf53(transport: string): number[] {
  const lines = [`/proc/net/${transport}`, `/proc/net/${transport}6`].flatMap((path) =>
    tryOr(() => readFileSync(path, 'latin1'), '').split('\n'),
  )
  return lines.flatMap((line) => {
    const [, local = '', , state, , , , uid] = line.trim().split(/\s+/)
    const isOurs = /^(?:3500007F|0{8}|0{32}):0035$/.test(local)
    return isOurs && (transport === 'udp' || state === '0A') ? [Number(uid)] : []
  })
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
  return tryOr(() => readdirSync(parent), [])
    .filter((name) => name.endsWith('-linux-gnu'))
    .map((name) => `${parent}/${name}`)
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
