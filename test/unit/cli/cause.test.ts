import { describe, expect, it } from 'vitest'
import { causeOf } from '../../../src/cli/diagnose/cause.ts'
import type { CauseFacts, LinkFacts } from '../../../src/cli/diagnose/cause-facts.ts'
import type { Server, Why } from '../../../src/cli/diagnose/why-reply.ts'
import { rcodeText } from '../../../src/wire/index.ts'
import { LAN } from './links.ts'

const MINUTE = 60_000_000
const NOW = 1000 * MINUTE
const VPN: LinkFacts = {
  ...LAN,
  scope: 'link 3 (vpn)',
  ifindex: 3,
  name: 'vpn',
  route: false,
  defaultRoute: false,
  domains: ['~corp.test'],
  configuredServers: ['10.3.0.1'],
}
type Scope = Why['scopes'][number]
type Asked = NonNullable<Why['asked']>
type Attempt = Asked['provenance']['attempts'][number]

const scope = (label: string, changes: Partial<Scope> = {}): Scope => ({
  scope: label,
  score: 2,
  rule: 'default route',
  won: true,
  names: ['www.test'],
  cache: [],
  servers: [],
  ...changes,
})
const lan = scope('link 2 (lan)')
const vpn = scope('link 3 (vpn)', { score: 5, rule: 'domain corp.test' })
const NOBODY = scope('global', { score: 0, rule: 'no DNS server', won: false })
const attempt = (server: string, result: string, changes: Partial<Attempt> = {}): Attempt => ({
  server,
  transport: 'udp',
  type: 1,
  payload: 1232,
  tookUSec: 1000,
  result,
  ...changes,
})
const A = '10.2.0.1%lan'
const B = '10.2.0.9%lan'

interface Told {
  readonly attempts?: readonly Attempt[]
  readonly source?: string
  readonly server?: string | undefined
  readonly of?: string | undefined
  readonly name?: string
  readonly learnt?: number
}
function asked(state: string, failure: Asked['failure'], told: Told): Asked {
  const { attempts = [], source = 'network', server = A, of = 'link 2 (lan)', name = 'www.test', learnt } = told
  const provenance = { source, server, scope: of, learntUSec: learnt, tookUSec: 1000, attempts, scopes: [] }
  return { state, failure, name, rrs: [], flags: 0, provenance }
}
const answered = (told: Told = {}) => asked('success', undefined, told)
const failure = (message: string, rcode?: number) => ({ error: 'io.systemd.Resolve.DNSError', message, rcode })
const nxdomain = (told: Told = {}, message = "Name 'www.test' not found") =>
  asked('rcode-failure', failure(message, 3), { attempts: [attempt(A, 'NXDOMAIN')], ...told })
const nodata = (told: Told = {}) => asked('nodata', failure('no such RR'), told)
const error = (rcode: number, told: Told, reason = '') =>
  asked(
    'rcode-failure',
    failure(`Could not resolve 'x', server or network returned error: ${rcodeText(rcode)}${reason}`, rcode),
    told,
  )
const failed = (state: string, attempts: readonly Attempt[]) =>
  asked(state, failure('All attempts failed'), { attempts, source: 'none', server: undefined, of: 'link 2 (lan)' })
const REASON = 'test proves that there is no corp.test'
function bogus(dnssecResult: string, of: string, link: Partial<LinkFacts> = {}): CauseFacts {
  const message = `DNSSEC validation failed: ${dnssecResult} (DNSSEC Bogus: ${REASON})`
  const refused = { error: 'io.systemd.Resolve.DNSSECValidationFailed', message, dnssecResult }
  const links = [LAN, { ...VPN, negativeTrustAnchors: ['old.test'], ...link }]
  return facts({ scopes: [vpn, { ...lan, won: false }], asked: asked('dnssec-failed', refused, { of }) }, { links })
}
const unroutable = asked('no-servers', failure('No appropriate name servers'), {
  source: 'none',
  server: undefined,
  of: undefined,
})

const step = (source: string, verdict: string, detail = '') => ({ source, verdict, detail })
const facts = (why: Partial<Why>, rest: Partial<CauseFacts> = {}): CauseFacts => ({
  why: { name: 'www.test', types: [1], steps: [step('scopes', 'decides')], scopes: [lan, NOBODY], ...why },
  links: [LAN],
  origins: [],
  unreachable: [],
  now: NOW,
  ...rest,
})
const nobody = (
  name: string,
  links: readonly LinkFacts[],
  rest: Partial<CauseFacts> = {},
  scopes: readonly Scope[] = [],
) =>
  facts({ name, steps: [step('scopes', 'passes')], scopes: [...scopes, NOBODY], asked: unroutable }, { links, ...rest })
const origin = (setting: string, ifname = 'vpn', ifindex = 3): CauseFacts['origins'][number] => ({
  ifindex,
  ifname,
  setting,
  source: 'bus',
  process: 'openvpn',
  uid: 0,
  changedUSec: NOW - 2 * MINUTE,
})
const remembered = {
  key: { name: 'www.test', type: 1, class: 1 },
  kind: 'nxdomain',
  server: A,
  remainingUSec: 5 * MINUTE,
  learntUSec: NOW - MINUTE,
}
const doubtful: Server = {
  server: A,
  current: true,
  trusted: false,
  patienceUSec: 1,
  edns: true,
  sent: 9,
  answers: 0,
  silences: 9,
  errors: 0,
  truncated: 0,
  invalid: 0,
  mismatches: 0,
  guesses: 0,
  doubts: ['silent'],
}
const ofVpn = { attempts: [attempt('10.3.0.1%vpn', 'NXDOMAIN')], server: '10.3.0.1%vpn', of: 'link 3 (vpn)' }
const tied = { scopes: [lan, scope('link 3 (vpn)')], asked: nxdomain() }

/** The fault, its facts, a part of the sentence that names it, and of what to do; undefined: nothing is to be done. */
// biome-ignore format: a table reads better in rows
const FAULTS: readonly (readonly [fault: string, facts: CauseFacts, cause: string, repair: string | undefined])[] = [
  ['refused type', facts({ steps: [step('refusal', 'decides')], types: [28] }), 'refuse questions for AAAA (RefuseRecordTypes=)', 'RefuseRecordTypes='],
  ['hosts file says otherwise', facts({ steps: [step('hosts', 'decides')], asked: answered({ source: 'hosts' }) }), '/etc/hosts answers for www.test', undefined],
  ['hosts file has the other family only', facts({ steps: [step('hosts', 'decides')], asked: nodata({ source: 'hosts' }) }), '/etc/hosts has www.test without A', 'add the address to /etc/hosts'],
  ['static record', facts({ steps: [step('static', 'decides')], asked: answered({ source: 'static' }) }), 'static record (*.rr) answers', undefined],
  ['own name', facts({ name: 'labhost', steps: [step('scopes', 'passes'), step('synthesized', 'decides')] }), 'labhost is a name of this machine', undefined],
  ['special name', nobody('a.invalid', [LAN], {}, [{ ...lan, won: false }]), 'never sent to a DNS server (RFC 6761)', undefined],
  ['options leave DNS out', facts({ steps: [step('scopes', 'off')], scopes: [], asked: unroutable }), 'leave DNS servers out', undefined],
  ['single label, no search domain', nobody('intranet', [LAN]), 'Single labels like intranet are not sent', 'tsresolvectl domain lan DOMAIN'],
  ['single label, taken but not sent', facts({ name: 'intranet', scopes: [scope('link 2 (lan)', { obstacle: 'single-label' })] }), 'Single labels like intranet', 'domain lan'],
  ['.local', nobody('printer.local', [LAN]), '.local belong to multicast DNS', "domain lan '~local'"],
  ['.local that no neighbour has', facts({ name: 'nas.local', scopes: [scope('link 2 (lan) mDNS IPv4'), scope('link 2 (lan) mDNS IPv6')], asked: failed('not-found', []) }), 'Nobody on link 2 (lan) answers for nas.local by multicast DNS', 'tsresolvectl browse'],
  ['a label that no neighbour has', facts({ name: 'nas', scopes: [scope('link 2 (lan) LLMNR IPv4')], asked: failed('not-found', []) }), 'Nobody on link 2 (lan) answers for nas by LLMNR', undefined],
  ['a name that stays at home', nobody('x.internal', [LAN], {}, [scope('link 2 (lan)', { score: 0, won: false, rule: 'internal: is for private use, unless a domain claims it' })]), 'No DNS server is asked for x.internal, as no link claims it (internal: is for private use)', "domain lan '~internal'"],
  ['a name of Tor', nobody('x.onion', [LAN], {}, [scope('link 2 (lan)', { score: 0, won: false, rule: 'onion: names of Tor are for Tor alone (RFC 7686), unless a domain claims it' })]), 'names of Tor are for Tor alone', undefined],
  ['a server of another link', facts({ asked: failed('network-down', [attempt('10.2.0.1%vpn', 'unreachable')]), scopes: [scope('link 3 (vpn)')] }, { links: [LAN, { ...VPN, configuredServers: ['10.2.0.1'] }], unreachable: [{ link: 'vpn', server: '10.2.0.1', reason: 'none' }] }), 'DNS server 10.2.0.1%vpn is reached by lan, not by vpn', 'tsresolvectl dns lan SERVER'],
  ['replies that belong to no question', facts({ asked: failed('timeout', [attempt(A, 'no answer'), attempt(A, 'replies that do not match')]) }), 'sends replies that do not belong to the question', 'dns lan SERVER'],
  ['a slow server', facts({ asked: { ...answered({ attempts: [attempt(A, 'NOERROR')] }), provenance: { ...answered().provenance, tookUSec: 3_054_600 } } }), 'but only after 3.0546s', 'if that is usual: tsresolvectl dns lan SERVER'],
  ['link-local reverse name', nobody('5.1.254.169.in-addr.arpa', [LAN]), 'link-local address', undefined],
  ['claiming link is down', nobody('db.corp.test', [{ ...VPN, inUse: false, up: false }]), 'Link 3 (vpn) claims ~corp.test but is down: nobody is asked', 'ip link set vpn up'],
  ['claiming link has no carrier', facts({ name: 'db.corp.test', asked: nxdomain() }, { links: [LAN, { ...VPN, inUse: false, carrier: false }] }), 'claims ~corp.test but has no carrier: link 2 (lan) is asked in its place', 'other end of vpn'],
  ['claiming link has no address', facts({ name: 'db.corp.test', asked: nxdomain() }, { links: [LAN, { ...VPN, inUse: false, addresses: [] }] }), 'but has no address', 'ip address add'],
  ['claiming link is being set up', facts({ name: 'db.corp.test', asked: nxdomain() }, { links: [LAN, { ...VPN, inUse: false, managed: true }] }), 'is not set up yet by systemd-networkd', 'networkctl status vpn'],
  ['servers of the claiming link were emptied', facts({ name: 'db.corp.test', asked: nxdomain() }, { links: [LAN, { ...VPN, inUse: false, configuredServers: [] }], origins: [origin('DNS')] }), 'has no DNS server (emptied by openvpn 2min 0s ago)', 'tsresolvectl dns vpn SERVER'],
  ['the wrong link answers, as the claiming one is down', facts({ name: 'db.corp.test', asked: answered() }, { links: [LAN, { ...VPN, inUse: false, up: false }] }), 'claims ~corp.test but is down', 'ip link set vpn up'],
  ['no server anywhere', nobody('www.test', [{ ...LAN, inUse: false, configuredServers: [] }]), 'No DNS server is known', 'tsresolvectl dns lan SERVER'],
  ['only link has no carrier', nobody('www.test', [{ ...LAN, inUse: false, carrier: false }]), 'No DNS server can be asked: link 2 (lan) has no carrier', 'other end of lan'],
  ['nobody takes the rest', nobody('www.test', [{ ...LAN, defaultRoute: false }], { origins: [origin('DefaultRoute', 'lan', 2)] }), 'none is a default route for names nobody claims (default-route of lan was set by openvpn', 'tsresolvectl default-route lan yes'],
  ['nobody takes the rest, and the VPN that stands first got everything', nobody('www.test', [{ ...VPN, defaultRoute: false }, { ...LAN, defaultRoute: false }]), 'none is a default route', 'tsresolvectl default-route lan yes'],
  ['network down', facts({ scopes: [scope('global', { obstacle: 'network-down' })] }, { links: [{ ...LAN, inUse: false, up: false }] }), 'No network link is usable', 'ip link set lan up'],
  ['its own stub as server', facts({ scopes: [scope('global', { obstacle: 'stub-loop' })] }), 'of global are this resolver itself', 'DNS= in resolved.conf'],
  ['firewall mark of a delegate', facts({ scopes: [scope('delegate corp', { obstacle: 'mark-unavailable' })] }), 'demands FirewallMark=', 'delegate corp'],
  ['no such name', facts({ asked: nxdomain() }), '10.2.0.1%lan, link 2 (lan), which takes what nobody claims (default route), says that www.test does not exist', undefined],
  ['claim too wide', facts({ scopes: [scope('link 3 (vpn)', { rule: 'domain test', score: 4 }), { ...lan, won: false }], asked: nxdomain(ofVpn) }, { links: [LAN, { ...VPN, domains: ['~test', '~corp.test'] }] }), 'link 3 (vpn), which claims test, says that www.test does not exist', "tsresolvectl domain vpn '~corp.test'"],
  ['full tunnel does not know it', facts({ scopes: [scope('link 3 (vpn)', { rule: 'domain .', score: 3 })], asked: nxdomain(ofVpn) }, { links: [VPN] }), 'which claims every name (~.)', undefined],
  ['two links tie', facts(tied, { links: [LAN, VPN] }), 'link 2 (lan) and link 3 (vpn) take the name alike', undefined],
  ['filtered', facts({ asked: nxdomain({}, "Name 'www.test' not found: (BLOCKED: malware)") }), 'with the reason BLOCKED: malware', undefined],
  ['withheld against rebinding', facts({ asked: asked('nodata', failure("'www.test' does not have any RR of the requested type: (Blocked: withheld against rebinding: www.test has the private address 192.168.1.1)"), { attempts: [attempt(A, 'NOERROR')] }) }), '10.2.0.1%lan gives www.test the private address 192.168.1.1, and RebindProtection= keeps that back', 'RebindAllow=www.test'],
  ['no such record', facts({ asked: nodata({ attempts: [attempt(A, 'NODATA')] }) }), 'exists but has no A record', undefined],
  ['made up here after the servers had nothing', facts({ asked: nodata({ source: 'synthesized', attempts: [], server: undefined, of: undefined }) }), 'This machine itself answers for www.test: the name exists but has no A record', undefined],
  ['alias to nowhere', facts({ asked: nxdomain({ name: 'gone.test' }) }), 'www.test, which leads to gone.test, does not exist', undefined],
  ['alias loop', facts({ asked: asked('cname-loop', failure('CNAME loop'), {}) }), 'aliases from www.test lead to no end', undefined],
  ['cached no', facts({ scopes: [scope('link 2 (lan)', { cache: [remembered] })], asked: nxdomain({ source: 'cache', attempts: [], learnt: NOW - MINUTE }) }), 'A cached "no such name" of 10.2.0.1%lan, link 2 (lan), learnt 1min 0s ago, answers for www.test for another 5min 0s', 'tsresolvectl flush-caches'],
  ['cached no, to an ordinary user', facts({ cacheHidden: true, asked: nxdomain({ source: 'cache', attempts: [] }) }), 'A cached "no such name" of 10.2.0.1%lan, link 2 (lan), answers', 'flush-caches'],
  ['cached no from before the VPN', facts({ changedUSec: NOW - 1e6, scopes: [scope('link 2 (lan)', { cache: [{ ...remembered, olderThanChange: true }] })], asked: nxdomain({ source: 'cache', attempts: [] }) }), 'before links or settings last changed (1s ago)', 'tsresolvectl flush-caches'],
  ['server answers REFUSED', facts({ asked: error(5, { attempts: [attempt(A, 'REFUSED')] }) }), '10.2.0.1%lan answers REFUSED to the question for A', 'tsresolvectl dns lan SERVER'],
  ['validation fails at the server', facts({ asked: error(2, { attempts: [attempt(A, 'SERVFAIL')] }, ' (DNSSEC-BOGUS: signature expired)') }), 'answers SERVFAIL to the question for A (link 2 (lan)), with the reason DNSSEC-BOGUS: signature expired', undefined],
  ['one refuses, one is dead', facts({ asked: error(5, { attempts: [attempt(A, 'REFUSED'), attempt(B, 'no answer')] }) }), '10.2.0.9%lan does not answer', 'dns lan SERVER'],
  ['remembered failure', facts({ asked: error(2, { attempts: [] }) }), 'answered SERVFAIL a moment ago', 'flush-caches'],
  ['dead server', facts({ asked: failed('timeout', [attempt(A, 'no answer'), attempt(A, 'no answer')]) }), '10.2.0.1%lan does not answer', 'tsresolvectl dns lan SERVER'],
  ['nothing listens', facts({ asked: failed('attempts-max-reached', [attempt(A, 'refused')]) }), 'no DNS server listens there', 'dns lan SERVER'],
  ['unreachable', facts({ asked: failed('network-down', [attempt(A, 'unreachable')]) }), 'cannot be reached, says the network', 'dns lan'],
  ['no route', facts({ asked: failed('network-down', [attempt(A, 'unreachable')]) }, { unreachable: [{ link: 'lan', server: '10.2.0.1', reason: 'none' }] }), 'There is no route to DNS server 10.2.0.1%lan', 'ip route add 10.2.0.1 dev lan'],
  ['a blackhole route', facts({ asked: failed('timeout', [attempt(A, 'no answer')]) }, { unreachable: [{ link: 'lan', server: '10.2.0.1', reason: 'blackhole' }] }), 'A route or rule of this machine (blackhole) drops packets to DNS server 10.2.0.1%lan', 'ip route del $(ip route show table all type blackhole match 10.2.0.1 | tail -n 1)   # if nobody meant that; where there is none: ip rule'],
  ['a route that prohibits IPv6 packets', facts({ asked: failed('network-down', [attempt('fd00::1', 'unreachable')]), scopes: [scope('global')] }, { unreachable: [{ link: 'global', server: 'fd00::1', reason: 'prohibit' }] }), '(prohibit) prohibits packets to DNS server fd00::1', 'ip -6 route del $(ip -6 route show table all type prohibit match fd00::1'],
  ['no route to a server that is no link\'s', facts({ asked: failed('network-down', [attempt('10.9.0.1', 'unreachable')]), scopes: [scope('global')] }, { unreachable: [{ link: 'global', server: '10.9.0.1', reason: 'none' }] }), 'There is no route to DNS server 10.9.0.1', 'ip route add 10.9.0.1 via GATEWAY'],
  ['another link has no route to the same server', facts({ asked: failed('timeout', [attempt(A, 'no answer')]) }, { unreachable: [{ link: 'vpn', server: '10.2.0.1', reason: 'none' }] }), '10.2.0.1%lan does not answer', 'dns lan SERVER'],
  ['not asked, but there is no route', facts({ scopes: [scope('link 2 (lan)', { servers: [{ ...doubtful, doubts: [] }] })] }, { unreachable: [{ link: 'lan', server: '10.2.0.1', reason: 'none' }] }), 'would be asked, but there is no route to DNS server 10.2.0.1%lan', 'ip route add 10.2.0.1 dev lan'],
  ['a firewall of this machine', facts({ asked: failed('attempts-max-reached', [attempt(A, '10.2.0.1:53: send: EPERM')]) }), '10.2.0.1%lan is not asked, as a firewall of this machine lets no message to it out (EPERM)', 'nft list ruleset   # as root: find the rule against 10.2.0.1'],
  ['the system cannot send', facts({ asked: failed('attempts-max-reached', [attempt(A, '10.2.0.1:53: connect: EAFNOSUPPORT')]) }), 'as this machine cannot send to it (EAFNOSUPPORT)', 'tsresolvectl dns lan SERVER'],
  ['SERVFAIL for AAAA alone', facts({ asked: answered({ attempts: [attempt(A, 'NOERROR'), attempt(A, 'SERVFAIL', { type: 28 })] }) }), 'has an answer of 10.2.0.1%lan, link 2 (lan), which takes what nobody claims (default route), but 10.2.0.1%lan answers SERVFAIL to the question for AAAA.', 'if that is usual: tsresolvectl dns lan SERVER'],
  ['SERVFAIL for AAAA, and no A', facts({ asked: error(2, { attempts: [attempt(A, 'NODATA'), attempt(A, 'SERVFAIL', { type: 28 })] }) }), '10.2.0.1%lan answers SERVFAIL to the question for AAAA (link 2 (lan))', 'tsresolvectl dns lan SERVER'],
  ['silence about AAAA alone', facts({ asked: answered({ attempts: [attempt(A, 'NOERROR'), attempt(A, 'timeout', { type: 28 })] }) }), 'but 10.2.0.1%lan does not answer the question for AAAA.', 'if that is usual: tsresolvectl dns lan SERVER'],
  ['AAAA of a second server, as the first one fails', facts({ asked: answered({ attempts: [attempt(A, 'NOERROR'), attempt(A, 'SERVFAIL', { type: 28 }), attempt(B, 'NOERROR', { type: 28 })] }) }), 'which takes what nobody claims (default route).', undefined],
  ['encryption is demanded of a server that has none', facts({ asked: failed('attempts-max-reached', [attempt(A, 'refused', { transport: 'tls' })]) }), '10.2.0.1%lan cannot be asked over TLS (nothing listens there for that), and is not asked in plaintext', 'to go without encryption: tsresolvectl dnsovertls lan no'],
  ['a certificate of somebody else', facts({ asked: failed('attempts-max-reached', [attempt(A, 'certificate of 10.2.0.1 is for a.example, not for dns.example', { transport: 'tls' })]) }), 'cannot be asked over TLS (certificate of 10.2.0.1 is for a.example, not for dns.example)', 'tsresolvectl doctor'],
  ['a hook that is silent', facts({ steps: [step('hooks', 'passes', 'asked first, as it takes the name: org.example.Hangs')], asked: { ...answered({ attempts: [attempt(A, 'NOERROR')] }), provenance: { ...answered({ attempts: [attempt(A, 'NOERROR')] }).provenance, tookUSec: 2_145_900 } } }), 'but only after 2.1459s: the lookup hook org.example.Hangs gave no reply in time.', 'ss -xlp | grep resolve.hook'],
  ['a search domain that is wrong', facts({ name: 'www', scopes: [scope('link 2 (lan)', { rule: 'single label and a search domain to complete it' })], asked: nxdomain({ name: 'www.tset' }) }), '10.2.0.1%lan, link 2 (lan), says that www.tset, completed by a search domain, does not exist.', 'if that domain is wrong: tsresolvectl domain lan DOMAIN'],
  ['an alias into a VPN that is down', facts({ name: 'ext.test', asked: nxdomain({ name: 'db.corp.test' }) }, { links: [LAN, { ...VPN, inUse: false, up: false }] }), 'ext.test leads to db.corp.test. Link 3 (vpn) claims ~corp.test but is down: link 2 (lan) is asked in its place.', 'ip link set vpn up'],
  ['a server on this machine that asks the resolver again', facts({ scopes: [scope('global')], asked: failed('timeout', [attempt('127.0.0.1', 'no answer')]) }), '127.0.0.1 does not answer', 'let the program there ask others than 127.0.0.53, or questions go in a circle; or: '],
  ['TCP is blocked', facts({ asked: failed('attempts-max-reached', [attempt(A, 'truncated'), attempt(A, 'timeout', { transport: 'tcp' })]) }), 'too large for a datagram, and TCP to it fails (timeout)', 'TCP port 53 of 10.2.0.1'],
  ['no DNS server at all, but garbage', facts({ asked: failed('invalid-reply', [attempt(A, 'unreadable reply')]) }), 'replies that cannot be read', 'dns lan SERVER'],
  ['silent a moment ago', facts({ scopes: [scope('link 2 (lan)', { servers: [doubtful] })], asked: failed('timeout', []) }), '10.2.0.1%lan of link 2 (lan) has not answered lately', 'dns lan'],
  ['dead server of a delegate', facts({ scopes: [scope('delegate corp')], asked: { ...failed('timeout', [attempt('10.9.0.1', 'no answer')]), provenance: { ...failed('timeout', [attempt('10.9.0.1', 'no answer')]).provenance, scope: 'delegate corp' } } }), '10.9.0.1 does not answer (delegate corp)', 'DNS= in corp.dns-delegate'],
  ['slow: the first server is dead', facts({ asked: answered({ attempts: [attempt(B, 'no answer'), attempt(A, 'NOERROR')] }) }), 'but only after 10.2.0.9%lan does not answer', 'dns lan'],
  ['an expired answer helps out', facts({ asked: answered({ source: 'stale', attempts: [attempt(A, 'no answer')] }) }), 'An expired answer helps out, as 10.2.0.1%lan does not answer', 'dns lan'],
  ['flood', facts({ asked: asked('errno', failure("Cannot look up 'x': too many questions are under way"), {}) }), 'too many are under way', 'monitor --clients'],
  ['not asked, cached no', facts({ scopes: [scope('link 2 (lan)', { cache: [remembered] })] }), 'has "no such name" for www.test in its cache for another 5min 0s', 'flush-caches'],
  ['not asked, dead server', facts({ scopes: [scope('link 2 (lan)', { servers: [doubtful] })] }), 'would be asked, of which is known: silent', undefined],
  ['S-SPLIT-1: a private zone below a public one that is signed', bogus('no-signature', 'link 3 (vpn)'), 'www.test of link 3 (vpn), which claims corp.test, cannot be validated by the zones above it: test proves that there is no corp.test', 'if corp.test is a private zone without signatures: tsresolvectl nta vpn old.test corp.test'],
  ['S-SPLIT-1: where the public one has keys', bogus('missing-key', 'link 3 (vpn)'), 'cannot be validated', 'tsresolvectl nta vpn old.test corp.test'],
  ['S-SPLIT-1: networkd has the link', bogus('no-signature', 'link 3 (vpn)', { managed: true }), 'cannot be validated', 'DNSSECNegativeTrustAnchors=old.test corp.test in the .network file of vpn, then: networkctl reload'],
  ['a public zone that is bogus', bogus('no-signature', 'link 2 (lan)'), 'What was answered for www.test does not stand up to DNSSEC: test proves', 'tsresolvectl query --validate=no www.test'],
  ['S-MODE-4: no server can do DNSSEC', bogus('incompatible-server', 'link 2 (lan)'), 'Link 2 (lan) validates (DNSSEC=yes), and no server of it can do DNSSEC', 'to go without: tsresolvectl dnssec lan allow-downgrade'],
  ['S-DOWN-7: the server validates', bogus('upstream-failure', 'link 2 (lan)'), 'The DNS server validates, and refuses', undefined],
  ['S-ASK-6: chains cannot be had', bogus('failed-auxiliary', 'link 2 (lan)'), 'What is needed to validate www.test could not be had', undefined],
  ['all is well', facts({ scopes: [vpn, { ...lan, won: false }], asked: answered({ of: 'link 3 (vpn)', server: '10.3.0.1%vpn' }) }), 'has an answer of 10.3.0.1%vpn, link 3 (vpn), which claims corp.test', undefined],
]

describe('why ends with the cause', () => {
  it.each(FAULTS)('%s', (_fault, given, cause, repair) => {
    const told = causeOf(given)
    expect(told.cause).toContain(cause)
    expect(told.cause).toMatch(/^\S.*[^.]\.$/)
    // A sentence begins with a capital letter, or with a name or an address as it is written.
    const isNamed = told.cause.startsWith(given.why.name) || /^(?:\d+\.|[\da-f]*:)/.test(told.cause)
    expect(isNamed || /^[A-Z/]/.test(told.cause), told.cause).toBe(true)
    expect(told.repair ?? '(nothing)').toContain(repair ?? '(nothing)')
  })
})
