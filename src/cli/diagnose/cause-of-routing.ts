import { isWithin, parseName } from '../../wire/index.ts'
import { agoText } from '../query/provenance.ts'
import { type Cause, type CauseFacts, isSingle, type LinkFacts, linkForTheRest } from './cause-facts.ts'

/** No scope takes the name; undefined where one does, or where the winner cannot ask. */
export function causeOfNoScope(facts: CauseFacts): Cause | undefined {
  const { why } = facts
  const winner = why.scopes.find(({ won }) => won)
  if (winner?.obstacle !== undefined) return causeOfObstacle(facts, winner.scope, winner.obstacle)
  if (winner !== undefined) return undefined
  const claimed = closerClaim(facts)
  if (claimed !== undefined) return claimed
  if (!hasServer(facts)) return causeOfNoServer(facts)
  return causeByName(facts) ?? causeOfNoTaker(facts)
}

function causeOfObstacle(facts: CauseFacts, scope: string, obstacle: string): Cause {
  const { name } = facts.why
  switch (obstacle) {
    case 'single-label':
      return singleLabel(name, facts)
    case 'network-down': {
      const { cause, repair } = unusableLinks(facts) ?? { cause: '', repair: 'ip address show' }
      return {
        cause: `No network link is usable, so the servers of ${scope} are not asked${cause && `: ${cause}`}.`,
        repair,
      }
    }
    case 'stub-loop':
      return {
        cause: `The DNS servers of ${scope} are this resolver itself, so there is nobody to ask.`,
        repair: setServers(facts, scope),
      }
    case 'mark-unavailable':
      return {
        cause: `${capitalScope(scope)} demands FirewallMark=, which is not available, so its servers are not asked.`,
        repair: `take FirewallMark= out of the file of ${scope}, then: systemctl reload tsresolved`,
      }
    default:
      return { cause: `${capitalScope(scope)} takes ${name} but cannot ask for it (${obstacle}).`, repair: undefined }
  }
}

function hasServer({ links }: CauseFacts): boolean {
  return links.some(({ inUse }) => inUse)
}

function causeOfNoServer(facts: CauseFacts): Cause {
  const unusable = unusableLinks(facts)
  if (unusable !== undefined)
    return { cause: `No DNS server can be asked: ${unusable.cause}.`, repair: unusable.repair }
  const emptied = facts.origins.find(({ setting }) => setting === 'DNS')
  const who = emptied === undefined ? '' : ` (those of ${emptied.ifname} were last set by ${byWhom(emptied, facts)})`
  const link = facts.links.find(({ route, ifindex }) => route && ifindex !== undefined)?.name ?? 'LINK'
  return {
    cause: `No DNS server is known: no link has one and none is configured${who}.`,
    repair: `tsresolvectl dns ${link} SERVER`,
  }
}

/** Rules for the name alone. */
function causeByName(facts: CauseFacts): Cause | undefined {
  const { name } = facts.why
  if (isSingle(name)) return singleLabel(name, facts)
  const home = homeZoneOf(facts)
  if (home !== undefined) return home
  const parsed = parseName(name)
  const local = parseName('local')
  if (parsed !== undefined && local !== undefined && isWithin(parsed, local)) {
    return {
      cause: `Names in .local belong to multicast DNS, which no link speaks (MulticastDNS= of resolved.conf and of the link), and no link claims local, so no DNS server is asked for ${name}.`,
      repair: `if a DNS server of yours knows it: ${addDomain(facts, '~local')}`,
    }
  }
  if (/^254\.169\.in-addr\.arpa$|\.254\.169\.in-addr\.arpa$|\.[89ab]\.e\.f\.ip6\.arpa$/.test(name)) {
    return { cause: `${name} is a link-local address, which DNS servers are not asked for.`, repair: undefined }
  }
  return undefined
}

/** A name that means something here or nowhere, by the rule of the scopes that pass it over (R-ROUTE-6). */
function homeZoneOf(facts: CauseFacts): Cause | undefined {
  const { name, scopes } = facts.why
  const [, domain, reason = ''] =
    HOME_ZONE.exec(scopes.map(({ rule }) => rule).find((rule) => HOME_ZONE.test(rule)) ?? '') ?? []
  if (domain === undefined) return undefined
  return {
    cause: `No DNS server is asked for ${name}, as no link claims it (${domain}: ${reason}).`,
    repair: NO_SERVER_KNOWS.test(reason)
      ? undefined
      : `if a DNS server of yours knows it: ${addDomain(facts, `~${domain}`)}`,
  }
}

const HOME_ZONE = /^(\S+): (.*), unless a domain claims it$/
/** Names that are none of DNS, or do not exist by definition. */
const NO_SERVER_KNOWS = /RFC (?:7686|9476|6761|9462)/

function singleLabel(name: string, facts: CauseFacts): Cause {
  return {
    cause: `Single labels like ${name} are not sent to DNS servers, and no link in use has a search domain to complete it with.`,
    repair: `ask for the full name, or: ${addDomain(facts, 'DOMAIN')}`,
  }
}

/** A domain more for whoever is asked: a link keeps those it has. */
function addDomain({ links }: CauseFacts, domain: string): string {
  const candidates = links.filter(({ inUse, ifindex }) => inUse && ifindex !== undefined)
  const link = candidates.find(({ route }) => route) ?? candidates[0]
  if (link === undefined) return `add ${domain} to Domains= in resolved.conf, then: systemctl reload tsresolved`
  const words = [...link.domains, domain].map((word) => (/^\w[\w.-]*$/.test(word) ? word : `'${word}'`))
  return `tsresolvectl domain ${link.name} ${words.join(' ')}`
}

/** There are servers, but all of them only for names they claim. */
function causeOfNoTaker(facts: CauseFacts): Cause {
  const { why, links } = facts
  const { name } = why
  const off = linkForTheRest(links)
  const origin = originOf(facts, off, 'DefaultRoute')
  const by =
    origin === undefined || off === undefined
      ? ''
      : ` (default-route of ${off.name} was set by ${byWhom(origin, facts)})`
  const unusable = unusableLinks(facts)
  const rest = unusable === undefined ? '' : `; ${unusable.cause}`
  return {
    cause: `No link claims ${name}, and none is a default route for names nobody claims${by}${rest}.`,
    repair: unusable?.repair ?? (off === undefined ? undefined : `tsresolvectl default-route ${off.name} yes`),
  }
}

/** A link that claims the name more closely than who takes it, but cannot be asked. */
export function closerClaim(facts: CauseFacts, name = facts.why.name): Cause | undefined {
  const { why, links } = facts
  const winning = Math.max(-1, ...links.filter(({ inUse }) => inUse).map((link) => claimOf(link, name)))
  const idle = links
    .filter((link) => !link.inUse && link.ifindex !== undefined)
    .map((link) => ({ link, labels: claimOf(link, name) }))
    .filter(({ labels }) => labels > winning)
    .toSorted((a, b) => b.labels - a.labels)[0]?.link
  if (idle === undefined) return undefined
  const domain = idle.domains.find((each) => claimLabels(each, name) === claimOf(idle, name)) ?? ''
  const taker = why.scopes.filter(({ won }) => won).map(({ scope }) => scope)
  const instead =
    taker.length === 0
      ? 'nobody is asked'
      : `${taker.join(' and ')} ${taker.length === 1 ? 'is' : 'are'} asked in its place`
  return {
    cause: `${capitalScope(idle.scope)} claims ${domain} but ${whyUnusable(idle, facts)}: ${instead}.`,
    repair: repairOf(idle),
  }
}

/** The links that have servers and could not be asked, in one clause. */
function unusableLinks(facts: CauseFacts): { readonly cause: string; readonly repair: string } | undefined {
  const idle = facts.links.filter(
    ({ inUse, ifindex, configuredServers }) => !inUse && ifindex !== undefined && configuredServers.length > 0,
  )
  if (idle[0] === undefined) return undefined
  return {
    cause: idle.map((link) => `${link.scope} ${whyUnusable(link, facts)}`).join(', '),
    repair: repairOf(idle[0]),
  }
}

/** The first thing that is missing, from the cable up. */
function whyUnusable(link: LinkFacts, facts: CauseFacts): string {
  if (!link.up) return 'is down'
  if (!link.carrier) return 'has no carrier'
  if (link.configuredServers.length === 0) {
    const origin = originOf(facts, link, 'DNS')
    return origin === undefined ? 'has no DNS server' : `has no DNS server (emptied by ${byWhom(origin, facts)})`
  }
  if (link.addresses.length === 0) return 'has no address'
  return link.managed ? 'is not set up yet by systemd-networkd' : 'is not usable for DNS'
}

function repairOf({ up, carrier, configuredServers, addresses, managed, name }: LinkFacts): string {
  if (!up) return `ip link set ${name} up`
  if (!carrier) return `plug in the cable, join the radio network or start the other end of ${name}`
  if (configuredServers.length === 0) return `tsresolvectl dns ${name} SERVER`
  if (addresses.length === 0) return `ip address add ADDRESS/PREFIX dev ${name}`
  return managed ? `networkctl status ${name}` : `ip address show ${name}`
}

/** Labels of the longest domain of the link that the name is within; -1 where it claims nothing of it. */
function claimOf({ domains }: LinkFacts, name: string): number {
  return Math.max(-1, ...domains.map((domain) => claimLabels(domain, name)))
}

function claimLabels(domain: string, name: string): number {
  const claimed = parseName(domain.replace(/^~/, ''))
  const asked = parseName(name)
  if (claimed === undefined || asked === undefined || !isWithin(asked, claimed)) return -1
  return claimed === '.' ? 0 : claimed.split('.').length
}

export function originOf({ origins }: CauseFacts, link: LinkFacts | undefined, setting: string) {
  return link === undefined
    ? undefined
    : origins.find((origin) => origin.ifindex === link.ifindex && origin.setting === setting)
}

export function byWhom(
  { source, process, busName, changedUSec }: CauseFacts['origins'][number],
  { now }: CauseFacts,
): string {
  const when = changedUSec === undefined ? '' : ` ${agoText(changedUSec, now)}`
  if (source === 'networkd') return 'systemd-networkd'
  return `${source === 'restored' ? 'an earlier run' : (process ?? busName ?? 'somebody')}${when}`
}

/** The way to give a scope other servers. */
export function setServers({ links }: CauseFacts, scope: string): string {
  const link = links.find((each) => each.scope === scope && each.ifindex !== undefined)
  if (link !== undefined) return `tsresolvectl dns ${link.name} SERVER`
  const delegate = /^delegate (.*)$/.exec(scope)?.[1]
  const file = delegate === undefined ? 'resolved.conf or its drop-ins' : `${delegate}.dns-delegate`
  return `change DNS= in ${file}, then: systemctl reload tsresolved`
}

export function capitalScope(scope: string): string {
  return scope === 'global' ? 'The global setting' : scope.replace(/^[a-z]/, (letter) => letter.toUpperCase())
}
