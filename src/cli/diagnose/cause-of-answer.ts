import { RCODE, rcodeText } from '../../wire/index.ts'
import { timeSpan } from '../terminal/layout.ts'
import { agoText, roughSpan } from '../query/provenance.ts'
import { capital, type Cause, type CauseFacts, isSingle, typesText, winners } from './cause-facts.ts'
import { capitalScope, closerClaim, setServers } from './cause-of-routing.ts'
import { causeOfValidation } from './cause-of-validation.ts'
import { noRouteIn } from './no-route.ts'
import { deadServers, repairOf, serverFaults, typeFault } from './server-faults.ts'
import type { Why } from './why-reply.ts'

type Asked = NonNullable<Why['asked']>

/** The name has an answer: where from, and what is not as it should be about that. */
export function causeOfSuccess(facts: CauseFacts, asked: Asked): Cause {
  const { why } = facts
  const { provenance } = asked
  const alias = asked.name === why.name ? '' : `, by the name ${asked.name}`
  if (provenance.source === 'stale') return causeOfStale(facts, asked)
  const closer = closerClaim(facts)
  if (closer !== undefined) return closer
  const outdated = outdatedCause(facts, 'an answer')
  if (provenance.source === 'cache' && outdated !== undefined) return outdated
  if (provenance.scope === undefined) return { cause: `${why.name} has an answer${alias}.`, repair: undefined }
  const how = ruleText(why, provenance.scope)
  const from = provenance.source === 'cache' ? 'a cached answer' : 'an answer'
  const who = provenance.server === undefined ? '' : ` of ${provenance.server}`
  const answered = `${why.name} has ${from}${who}, ${provenance.scope}${how}${alias}`
  const slowHook = hookText(why, provenance)
  if (slowHook !== undefined) {
    return {
      cause: `${answered}, but only after ${timeSpan(provenance.tookUSec)}: ${slowHook} gave no reply in time.`,
      repair: 'ss -xlp | grep resolve.hook   # as root, names the program: restart or end it',
    }
  }
  const missing = typeFault(provenance.attempts, facts)
  if (missing !== undefined) {
    const wait = provenance.tookUSec >= SLOW ? `, which was waited for (${timeSpan(provenance.tookUSec)})` : ''
    const repair = `if that is usual: ${repairOf(missing, provenance.scope, facts)}`
    return { cause: `${answered}, but ${missing.clause}${wait}.`, repair }
  }
  const [silent] = deadServers(provenance.attempts)
  if (silent === undefined && provenance.source === 'network' && provenance.tookUSec >= SLOW) {
    const repair = `if that is usual: ${setServers(facts, provenance.scope)}`
    return { cause: `${answered}, but only after ${timeSpan(provenance.tookUSec)}.`, repair }
  }
  if (silent === undefined) return { cause: `${answered}${tieText(why)}.`, repair: undefined }
  return { cause: `${answered}, but only after ${silent.clause}.`, repair: repairOf(silent, provenance.scope, facts) }
}

/** Microseconds after which people and programs become impatient. */
const SLOW = 1_000_000

/** Hooks are asked before servers: the time that no server took is theirs. */
function hookText({ steps }: Why, { tookUSec, attempts }: Asked['provenance']): string | undefined {
  const detail = steps.find(({ source }) => source === 'hooks')?.detail ?? ''
  const names = /^asked first, as it takes the name: (.*)$/.exec(detail)?.[1]
  const servers = attempts.reduce((longest, attempt) => Math.max(longest, attempt.tookUSec), 0)
  return names === undefined || tookUSec - servers < SLOW ? undefined : `the lookup hook ${names}`
}

function causeOfStale(facts: CauseFacts, { provenance }: Asked): Cause {
  const scope = provenance.scope ?? ''
  const faults = serverFaults(provenance.attempts, facts)
  const why = faults.length === 0 ? `no server of ${scope} has answered` : faults.map(({ clause }) => clause).join(', ')
  return {
    cause: `An expired answer helps out, as ${why}.`,
    repair: faults[0] === undefined ? setServers(facts, scope) : repairOf(faults[0], scope, facts),
  }
}

/** How scopes of neighbours are labelled: link, protocol, IP version. */
const MULTICAST = /^(link \d+ \(.*\)) (mDNS|LLMNR) IPv[46]$/

/** Only neighbours were asked, who say nothing of names that they do not have. */
function causeOfSilence({ why }: CauseFacts): Cause | undefined {
  const asked = winners(why).map(({ scope }) => MULTICAST.exec(scope))
  const [first] = asked
  if (first === undefined || asked.some((match) => match === null)) return undefined
  const links = [...new Set(asked.map((match) => match?.[1] ?? ''))].join(' and ')
  return first?.[2] === 'mDNS'
    ? {
        cause: `Nobody on ${links} answers for ${why.name} by multicast DNS.`,
        repair: 'tsresolvectl browse   # shows what there is',
      }
    : {
        cause: `Nobody on ${links} answers for ${why.name} by LLMNR, and no search domain completes it.`,
        repair: undefined,
      }
}

/** The winner asked, and there is no answer; also where nobody has asked yet. */
export function causeOfFailure(facts: CauseFacts): Cause {
  const { asked } = facts.why
  if (asked === undefined) return prospect(facts)
  const { state, failure, provenance } = asked
  const withheld = WITHHELD.exec(failure?.message ?? '')
  if (withheld !== null) return causeOfWithheld(withheld, provenance)
  const silence = state === 'nodata' ? undefined : causeOfSilence(facts)
  if (silence !== undefined) return silence
  if (failure?.rcode === RCODE.NXDOMAIN) return causeOfNo(facts, asked, 'no such name')
  if (state === 'nodata') return causeOfNo(facts, asked, 'no such record')
  if (state === 'cname-loop') {
    return { cause: `The aliases from ${facts.why.name} lead to no end (at ${asked.name}).`, repair: undefined }
  }
  if (/too many questions/.test(failure?.message ?? '')) {
    return {
      cause: 'The resolver has no place for more questions: too many are under way.',
      repair: 'tsresolvectl monitor --clients   # as root: shows who asks so much; end that',
    }
  }
  if (state === 'no-source') {
    return { cause: `The options of this call leave out all that could answer ${facts.why.name}.`, repair: undefined }
  }
  if (state === 'dnssec-failed')
    return causeOfValidation(facts, asked, provenance.scope ?? winners(facts.why)[0]?.scope ?? '')
  return causeOfServers(facts, asked, provenance.scope ?? winners(facts.why)[0]?.scope ?? '')
}

/** The daemon keeps it back (`RebindProtection=`). */
const WITHHELD = /withheld against rebinding: (\S+) has the private address ([\da-f.:]+)/

function causeOfWithheld([, name = '', address = '']: readonly string[], { server }: Asked['provenance']): Cause {
  return {
    cause: `${server === undefined ? 'A server' : server} gives ${name} the private address ${address}, and RebindProtection= keeps that back.`,
    repair: `if it is meant to have that: RebindAllow=${name}   # in /etc/tsresolved.conf below [Resolve], then systemctl reload tsresolved`,
  }
}

/** NXDOMAIN or NODATA. */
function causeOfNo(facts: CauseFacts, asked: Asked, what: 'no such name' | 'no such record'): Cause {
  const { why, now } = facts
  const { provenance } = asked
  const { scope = '', server, source, learntUSec } = provenance
  const isCompleted = isSingle(why.name) && asked.name.startsWith(`${why.name}.`)
  const name = isCompleted ? `${asked.name}, completed by a search domain,` : nameText(why, asked)
  const closer = asked.name === why.name ? undefined : closerClaim(facts, asked.name)
  if (closer !== undefined) return { ...closer, cause: `${why.name} leads to ${asked.name}. ${closer.cause}` }
  if (source === 'cache') {
    const outdated = outdatedCause(facts, `"${what}"`)
    if (outdated !== undefined) return outdated
    const when = learntUSec === undefined ? '' : `, learnt ${agoText(learntUSec, now)}`
    const left = remainingOf(why)
    return {
      cause: `A cached "${what}" of ${server ?? 'a server'}, ${scope}${when}, answers for ${name.replace(/,$/, '')}${left}.`,
      repair: 'if that has changed since: tsresolvectl flush-caches',
    }
  }
  const says = what === 'no such name' ? 'does not exist' : `exists but has no ${typesText(why)} record`
  if (source === 'synthesized') {
    return { cause: `This machine itself answers for ${name.replace(/,$/, '')}: the name ${says}.`, repair: undefined }
  }
  const who = server === undefined ? scope : `${server}, ${scope}`
  return {
    cause: `${capital(who)}${isCompleted ? '' : ruleText(why, scope)}, says that ${name} ${says}${reasonText(asked)}${tieText(why)}.`,
    repair: isCompleted ? searchRepair(facts, scope) : claimRepair(facts, scope),
  }
}

function nameText({ name }: Why, asked: Asked): string {
  return asked.name === name ? name : `${name}, which leads to ${asked.name},`
}

function searchRepair({ links }: CauseFacts, scope: string): string | undefined {
  const link = links.find((each) => each.scope === scope && each.ifindex !== undefined)
  return link && `if that domain is wrong: tsresolvectl domain ${link.name} DOMAIN`
}

/** A claim is easily too wide; a default route is nobody's mistake. */
function claimRepair({ why, links }: CauseFacts, scope: string): string | undefined {
  const claim = /^domain (.*)$/.exec(why.scopes.find((each) => each.scope === scope)?.rule ?? '')?.[1]
  const link = links.find((each) => each.scope === scope && each.ifindex !== undefined)
  const isElsewhere = links.some((each) => each !== link && each.inUse)
  if (claim === undefined || link === undefined || !isElsewhere) return undefined
  const rest = link.domains.filter((domain) => domain.replace(/^~/, '') !== claim).map((domain) => `'${domain}'`)
  return `if ${link.name} should not get it: tsresolvectl domain ${link.name} ${rest.join(' ') || "'~DOMAIN'   # what it really has"}`
}

function causeOfServers(facts: CauseFacts, asked: Asked, scope: string): Cause {
  const { failure, provenance } = asked
  const ofType = typeFault(provenance.attempts, facts)
  const faults = ofType === undefined ? serverFaults(provenance.attempts, facts) : [ofType]
  const first = faults[0]
  if (first === undefined) return causeWithoutAttempts(facts, asked, scope)
  const text = faults.map(({ clause }) => clause).join('; ')
  const isOnly = faults.length === 1 ? '' : ', and these are all that were asked'
  return {
    cause: `${capital(text)} (${scope})${failure?.rcode === undefined ? '' : reasonText(asked)}${isOnly}.`,
    // A server that says why knows better than that another one would do.
    repair: reasonText(asked) === '' ? repairOf(first, scope, facts) : undefined,
  }
}

/** What failed a moment ago is not asked again at once. */
function causeWithoutAttempts(facts: CauseFacts, { failure, state }: Asked, scope: string): Cause {
  const silent = winners(facts.why).flatMap(({ servers }) => servers.filter(({ trusted }) => !trusted))
  if (failure?.rcode !== undefined) {
    return {
      cause: `A server of ${scope} answered ${rcodeText(failure.rcode)} a moment ago, which is remembered for some seconds.`,
      repair: 'tsresolvectl flush-caches   # then ask again',
    }
  }
  if (silent.length > 0) {
    const names = silent.map(({ server }) => server).join(', ')
    return {
      cause: `${names} of ${scope} ${silent.length === 1 ? 'has' : 'have'} not answered lately.`,
      repair: setServers(facts, scope),
    }
  }
  return { cause: `${failure?.message ?? `The lookup ended as ${state}`}.`, repair: undefined }
}

/** Nobody was asked: what is known would be used, else a server. */
function prospect(facts: CauseFacts): Cause {
  const { why } = facts
  const [winner] = winners(why)
  const scope = winner?.scope ?? ''
  const kinds = new Set(winner?.cache.map(({ kind }) => kind))
  const kind = kinds.size === 1 ? [...kinds][0] : undefined
  if (winner !== undefined && kind !== undefined) {
    const what = CACHED.get(kind) ?? kind
    const outdated = outdatedCause(facts, what)
    if (outdated !== undefined) return outdated
    return {
      cause: `${capitalScope(scope)} has ${what} for ${why.name} in its cache${remainingOf(why)}, and would ask nobody.`,
      repair: kind === 'positive' ? undefined : 'if that has changed since: tsresolvectl flush-caches',
    }
  }
  const server = winner?.servers[0]
  if (server === undefined) return { cause: `${capitalScope(scope)} takes ${why.name}.`, repair: undefined }
  const doubt = server.doubts.length === 0 ? '' : `, of which is known: ${server.doubts.join(', ')}`
  const noRoute = noRouteIn(server.server, facts)
  const but = noRoute === undefined ? '' : `, but ${noRoute.clause}`
  return {
    cause: `${server.server}, ${scope}${ruleText(why, scope)}, would be asked${but}${doubt}${tieText(why)}.`,
    repair: noRoute?.repair,
  }
}

const CACHED: ReadonlyMap<string, string> = new Map([
  ['positive', 'an answer'],
  ['nodata', '"no such record"'],
  ['nxdomain', '"no such name"'],
  ['failure', 'a failure'],
])

/** What is cached was learnt from another network or configuration; told only to those who may see the cache. */
function outdatedCause({ why, now }: CauseFacts, what: string): Cause | undefined {
  const old = winners(why).flatMap((scope) => scope.cache.filter(({ olderThanChange }) => olderThanChange === true))[0]
  if (old === undefined) return undefined
  const from = old.server === undefined ? '' : ` of ${old.server}`
  const when = `learnt ${agoText(old.learntUSec, now)}, before links or settings last changed (${agoText(why.changedUSec, now)})`
  return {
    cause: `${capital(what.startsWith('"') ? `a cached ${what}` : what)}${from}, ${when}, answers for ${why.name}.`,
    repair: 'tsresolvectl flush-caches',
  }
}

function remainingOf(why: Why): string {
  const left = winners(why).flatMap(({ cache }) => cache.flatMap(({ remainingUSec }) => remainingUSec ?? []))
  return left.length === 0 ? '' : ` for another ${roughSpan(Math.max(...left))}`
}

/** `, which takes the name because it claims corp.test`; nothing for what needs no explanation. */
function ruleText({ scopes }: Why, scope: string): string {
  const rule = scopes.find((each) => each.scope === scope)?.rule ?? ''
  const domain = /^domain (.*)$/.exec(rule)?.[1]
  if (domain === '.') return ', which claims every name (~.)'
  if (domain !== undefined) return `, which claims ${domain}`
  if (rule === 'default route') return ', which takes what nobody claims (default route)'
  if (rule === 'fallback server') return ', a fallback server'
  return rule === '' ? '' : `, which takes it (${rule})`
}

function tieText(why: Why): string {
  const tied = winners(why).map(({ scope }) => scope)
  return tied.length < 2
    ? ''
    : `; ${tied.join(' and ')} take the name alike: all are asked, and the first that has it answers`
}

/** RFC 8914, as the server gave it. */
function reasonText({ failure }: Asked): string {
  const reason = /(?:not found: |: \w+ )\((.*)\)$/.exec(failure?.message ?? '')?.[1]
  return reason === undefined ? '' : `, with the reason ${reason}`
}
