import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Lifetime, SharedDependencies } from '../base/index.ts'
import { Journal, Meter, openMetricsText, Overview } from '../observe/index.ts'
import type { DaemonContext } from './context.ts'
import type { Core } from './core.ts'
import { AnswerMemo, TextMemo } from '../fastpath/index.ts'
import type { Watching } from './ipc.ts'
import { clientProcesses } from './client-identity.ts'
import { MetricsListener } from '../observe/index.ts'
import { routeTo, SocketOwners } from '../netlink/index.ts'
import {
  ClientAccess,
  type ClientNetwork,
  type NewMemo,
  nsid,
  type OwnerOf,
  Responder,
  StubListeners,
} from '../stub/index.ts'
import type { NetworkFacts } from '../scope/index.ts'
import type { ResolvedSettings } from '../settings/index.ts'
import { Listening, machineId, processName } from '../sys/index.ts'

type CacheSettings = Pick<ResolvedSettings, 'dnsCacheSize' | 'dnsCacheBytes'>

/** What a short answer takes in a cache and in the memo. */
const BYTES_PER_ANSWER = 512

/** Everything by which others reach the one resolver, still closed. */
export interface FrontEnds {
  /** A stub that listens nowhere yet. */
  readonly newStub: () => StubListeners
  readonly metrics: MetricsListener
  /** Opens the varlink sockets and begins to connect to the bus. */
  readonly openIpc: () => Promise<void>
}

/** How many replies may be replayed: as many as answers are cached, but no more than there is memory for the answers they repeat. */
export function repliesKept({ dnsCacheSize, dnsCacheBytes }: CacheSettings): number {
  return Math.min(dnsCacheSize, Math.floor(dnsCacheBytes / BYTES_PER_ANSWER))
}

/** Constructs everything that asks the resolver or counts what is asked; nothing of it is open yet. */
export function makeFrontEnds(context: DaemonContext, core: Core, life: Lifetime): FrontEnds {
  const { options, libc, logger } = context
  const { clock, random, turns, counts, control, scopes, resolver, shared } = core
  const capacity = repliesKept(control.settings)
  // Whoever subscribes to query results is to see all of them, so nothing is replayed meanwhile.
  const isWatched = () => resolver.watchers.mustSee()
  const memo = { capacity, random, replayCounter: counts }
  const newMemo: NewMemo = (routes) => (capacity === 0 ? undefined : new AnswerMemo({ ...memo, shared, routes }))
  const owners = life.adopt(new SocketOwners(libc, logger))
  const ownerOf: OwnerOf = (...socket) => owners.find(...socket)
  const machine = machineId()
  const responder = new Responder({ resolver, nsid: () => nsid(machine), clock, ownerOf, newMemo })
  const listening = new Listening(libc, logger, context.kept, options.replaces)
  const watching: Watching = {
    journal: life.adopt(
      new Journal({
        watchers: resolver.watchers,
        clock,
        ownerOf: clientProcesses(),
        processName,
        replayCounter: counts,
      }),
    ),
    meter: life.adopt(new Meter(resolver.watchers, counts, clock)),
    overview: new Overview({
      scopes,
      control,
      facts: () => control.facts,
      routeTo: (address, ifindex) => routeTo(libc, address, ifindex),
      clock,
    }),
  }
  const usualPath = join(options.runtimeDirectory, 'metrics')
  const text = () => openMetricsText(watching.meter, watching.overview.links(), context.turnWatch.longest)
  // A varlink reply is kept by its call's bytes, whatever scopes it came from: it depends on routes and own addresses
  // too.
  const withRoutes: SharedDependencies = {
    ...shared,
    current: () => [scopes.routes, core.local.ownAddresses, ...shared.current()],
  }
  const textMemo = capacity === 0 ? undefined : new TextMemo({ ...memo, shared: withRoutes, clock, isWatched })
  const forgetInvalid = () => {
    responder.forgetInvalid()
    textMemo?.forgetInvalid()
  }
  life.adopt(control.subscribe({ flushed: forgetInvalid }))
  return {
    newStub: () => new StubListeners({ listening, responder, clock, log: logger, access: accessOf(core), turns }),
    metrics: life.adopt(new MetricsListener({ text, usualPath, log: logger })),
    openIpc: async () => {
      await nextTurn() // whoever waits at the stub already is first
      const { openIpc } = await import('./ipc.ts')
      await openIpc(context, core, watching, textMemo, life)
    },
  }
}

/** Whom extra listeners answer: whom the settings name, else who is in a network of one of the links. */
function accessOf({ control }: Core): ClientAccess {
  let facts = control.facts
  let networks = networksOf(facts)
  return new ClientAccess(() => {
    if (control.settings.allowFrom.length > 0) return control.settings.allowFrom
    if (facts !== control.facts) networks = networksOf((facts = control.facts))
    return networks
  })
}

function networksOf({ links }: NetworkFacts): readonly ClientNetwork[] {
  const addresses = [...links.values()].flatMap((link) => link.addresses)
  return addresses.map(({ address, prefixLength }) => ({ network: address, prefixLength }))
}
