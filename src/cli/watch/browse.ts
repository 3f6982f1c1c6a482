import { CliError } from '../command/cli-error.ts'
import type { Context, VerbRun } from '../command/context.ts'
import { notifyReady } from '../client/notify.ts'
import { VarlinkCallError } from '../client/varlink-client.ts'
import { printJson } from '../terminal/output.ts'
import { RESOLVE_INTERFACE } from '../../varlink-idl/index.ts'
import { changeLine, type ServiceEvent, serviceLines, ServiceList } from './service-list.ts'
import { Terminal } from './terminal.ts'

/** Enumerates the types there are (RFC 6763 §9). */
const TYPES = '_services._dns-sd._udp'
/** Changes in a burst are drawn together. */
const DRAW_DELAY_MS = 100

interface Asked {
  /** Undefined: which types there are. */
  readonly type: string | undefined
  readonly domain: string
}

/** `[TYPE [DOMAIN]]`: services of neighbours as they come and go: on a terminal a table, else a line for each change. */
export const browse: VerbRun = async ([type, domain = 'local'], context) => {
  const asked = { type, domain }
  const { screen, options } = context
  const isLive = screen.isTerminal && process.stdin.isTTY && process.env.TERM !== 'dumb' && options.json === 'off'
  const doubt = await doubtOf(context)
  if (isLive) await new Browse(asked, doubt, context).run()
  else await printChanges(asked, doubt, context)
  return 0
}

async function printChanges(asked: Asked, doubt: string, context: Context): Promise<void> {
  const { options, screen, links } = context
  if (doubt !== '') screen.note(doubt)
  await notifyReady()
  for await (const event of events(asked, context)) {
    if (options.json !== 'off') printJson(event, context)
    else for (const entry of event.browserServiceData) screen.print(changeLine(entry, links.nameOf(entry.ifindex)))
  }
  screen.note('Disconnected.')
}

/** @throws {CliError} */
async function* events({ type, domain }: Asked, context: Context, signal?: AbortSignal): AsyncGenerator<ServiceEvent> {
  const { ifindex, varlink } = context
  const where = type === undefined ? { domain: `${TYPES}.${domain}`, type: undefined } : { domain, type }
  try {
    yield* varlink.stream(RESOLVE_INTERFACE, 'BrowseServices', { ...where, ifindex, flags: undefined }, signal)
  } catch (error) {
    throw explained(error, { type, domain })
  }
}

function explained(error: unknown, { type, domain }: Asked): unknown {
  if (!(error instanceof VarlinkCallError) || error.errorName !== 'org.varlink.service.InvalidParameter') return error
  if (error.parameters.parameter !== 'type') {
    return new CliError(`"${domain}" is not served by multicast DNS: only local and what is below it is.`)
  }
  return new CliError(`"${type}" is no type of service: say one such as _ipp._tcp, or none to see which there are.`)
}

/** Why nothing may be found, in one line; '' where there is no doubt. */
async function doubtOf({ varlink, ifindex }: Context): Promise<string> {
  const { configuration } = await varlink.call(RESOLVE_INTERFACE, 'DumpDNSConfiguration', {})
  const scopes = configuration.flatMap((one) => one.scopes ?? [])
  const isAsked = scopes.some((scope) => scope.protocol === 'mdns' && (ifindex === 0 || scope.ifindex === ifindex))
  if (isAsked) return ''
  const where = ifindex === 0 ? 'any link' : 'this link'
  return `Multicast DNS is not asked on ${where}: MulticastDNS=yes in resolved.conf allows it, "tsresolvectl mdns LINK yes" turns it on.`
}

/** The live table, until `q`. */
class Browse {
  readonly #asked: Asked
  readonly #context: Context
  readonly #list: ServiceList
  readonly #stop = new AbortController()
  #message: string
  #terminal: Terminal | undefined
  #drawing: NodeJS.Timeout | undefined

  constructor(asked: Asked, doubt: string, context: Context) {
    this.#asked = asked
    this.#message = doubt
    this.#context = context
    this.#list = new ServiceList((ifindex) => context.links.nameOf(ifindex))
  }

  async run(): Promise<void> {
    using terminal = new Terminal({ onKey: (key) => this.#onKey(key), onResize: () => this.#draw() })
    this.#terminal = terminal
    this.#draw()
    try {
      for await (const event of events(this.#asked, this.#context, this.#stop.signal)) this.#onEvent(event)
      if (!this.#stop.signal.aborted) throw new CliError('The resolver has closed the connection.')
    } finally {
      clearTimeout(this.#drawing)
    }
  }

  #onEvent({ browserServiceData }: ServiceEvent): void {
    this.#message = ''
    this.#list.apply(browserServiceData)
    this.#drawing ??= setTimeout(() => {
      this.#drawing = undefined
      this.#draw()
    }, DRAW_DELAY_MS)
  }

  #draw(): void {
    const { type, domain } = this.#asked
    const title = type === undefined ? `Types of services in ${domain}` : `${type}.${domain}`
    this.#terminal?.draw(serviceLines(this.#list, title, this.#message, this.#terminal.size))
  }

  #onKey(key: string): void {
    if (key === 'q' || key === 'c-c' || key === 'c-d') return this.#stop.abort()
    this.#list.scroll(SCROLLS.get(key) ?? 0)
    this.#draw()
  }
}

const SCROLLS: ReadonlyMap<string, number> = new Map([
  ['up', -1],
  ['down', 1],
  ['pageup', -10],
  ['pagedown', 10],
])
