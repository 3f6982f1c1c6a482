import { describe, expect, it } from 'vitest'
import type { Facts, Finding, LinkView } from '../../../src/cli/diagnose/doctor-findings.ts'
import { diagnose, nameserversIn } from '../../../src/cli/diagnose/doctor-checks.ts'
import { LAN as BARE_LAN } from './links.ts'
import { questionFilter, questionLine, type ReportedQuestion } from '../../../src/cli/watch/questions.ts'

const SERVER = {
  server: '10.2.0.1%lan',
  current: true,
  trusted: true,
  patienceUSec: 250_000,
  edns: true,
  sent: 10,
  answers: 10,
  silences: 0,
  errors: 0,
  truncated: 0,
  invalid: 0,
  mismatches: 0,
  guesses: 0,
  doubts: [],
}
const LAN: LinkView = { ...BARE_LAN, servers: [SERVER] }
const VPN: LinkView = {
  ...LAN,
  scope: 'link 3 (vpn)',
  ifindex: 3,
  name: 'vpn',
  route: false,
  defaultRoute: false,
  domains: ['~corp.test'],
}
const GLOBAL: LinkView = {
  ...LAN,
  scope: 'global',
  name: 'global',
  ifindex: undefined,
  configuredServers: ['10.9.9.9'],
  servers: [],
}
const HEALTHY: Facts = {
  daemon: 'ours',
  socket: '/run/systemd/resolve/io.systemd.Resolve',
  isTryOut: false,
  isLoopbackUp: true,
  unreadable: [],
  daemonUid: 990,
  links: [LAN, VPN],
  configWarnings: [],
  turns: [],
  unreachable: [],
  tcpOpen: new Set(),
  misnamed: [],
  nsswitch: 'passwd: files\nhosts: files resolve [!UNAVAIL=return] dns\n',
  nssModules: ['resolve', 'dns'],
  resolvConf: { text: 'nameserver 127.0.0.53\n', target: '/run/systemd/resolve/stub-resolv.conf' },
  port53: [{ uid: 990 }],
  port5353: [{ uid: 990 }],
  serverLines: [],
  refusals: undefined,
  lookups: [],
  stubAnswers: true,
  bus: { owner: { uid: 990, process: 'tsresolved' } },
}
const file = (text: string) => ({ resolvConf: { text, target: undefined } })
const hosts = (line: string, nssModules: readonly string[] = []) => ({ nsswitch: `hosts: ${line}\n`, nssModules })
const failing = (failure: string, channel = 'tls') => ({
  ...SERVER,
  trusted: false,
  answers: 0,
  silences: 4,
  encryption: {
    channel,
    mode: 'strict',
    state: 'failing',
    open: false,
    handshakes: 0,
    resumptions: 0,
    failures: 4,
    failure,
  },
})
const dead = { ...SERVER, server: '10.2.0.9%lan', trusted: false, answers: 0, silences: 4, sent: 4 }

const TRY_OUT = { isTryOut: true, socket: '/tmp/tsresolved-x/io.systemd.Resolve' }

/** What is wrong, the check that finds it, a word of what it says, and of the repair. */
const faults: readonly [string, Partial<Facts>, string, string, string][] = [
  [
    'no daemon',
    { daemon: 'none', bus: { owner: undefined } },
    'daemon',
    'No resolver runs',
    'systemctl enable --now tsresolved',
  ],
  ['the original instead', { daemon: 'other' }, 'daemon', 'Another resolver', 'disable --now systemd-resolved'],
  [
    'a line of the configuration that means nothing',
    { configWarnings: [{ file: '/etc/systemd/resolved.conf', line: 3, key: 'DNS', message: "'x' is no address." }] },
    'configuration',
    "/etc/systemd/resolved.conf:3: DNS=: 'x' is no address.",
    '+3 /etc/systemd/resolved.conf && systemctl reload tsresolved',
  ],
  [
    'a name in the hosts file that is none',
    { configWarnings: [{ file: '/etc/hosts', line: 7, message: "'a_b' is not a host name." }] },
    'configuration',
    "/etc/hosts:7: 'a_b'",
    '+7 /etc/hosts',
  ],
  [
    'a daemon that was busy for longer than people like to wait',
    { turns: [{ what: 'bus calls', took: 230 }] },
    'long-turn',
    'busy with bus calls for 230 ms',
    'tsresolvectl top',
  ],
  ['another on port 53', { port53: [{ uid: 0 }, { uid: 990 }] }, 'port-53', 'uid 0', "ss -lnutp 'sport = 53'"],
  [
    'another on port 53, seen by root',
    { port53: [{ uid: 0, pid: 7, process: 'dnsmasq', unit: 'dnsmasq.service' }] },
    'port-53',
    'dnsmasq (pid 7) of uid 0',
    'systemctl disable --now dnsmasq.service && systemctl restart tsresolved',
  ],
  [
    'another on port 53 that is no service',
    { port53: [{ uid: 0, pid: 7, process: 'dnsmasq' }] },
    'port-53',
    'dnsmasq',
    'kill 7 && systemctl restart tsresolved',
  ],
  [
    'another that answers by multicast DNS',
    {
      port5353: [{ uid: 990 }, { uid: 108, pid: 7, process: 'avahi-daemon' }],
      links: [
        { ...LAN, answeredByOthers: true },
        { ...VPN, name: 'wlan 0', answeredByOthers: true },
      ],
    },
    'multicast-dns',
    'avahi-daemon (pid 7) has the port of multicast DNS, too: on lan, wlan 0 neighbours are asked',
    "tsresolvectl mdns lan resolve && tsresolvectl mdns 'wlan 0' resolve",
  ],
  [
    'a try-out that is stuck was to be restarted as a service',
    { ...TRY_OUT, daemon: 'frozen', links: [] },
    'daemon',
    'within 3 s',
    'end it where it was started, then: npm start',
  ],
  ['frozen daemon', { daemon: 'frozen', links: [], stubAnswers: false }, 'daemon', 'within 3 s', 'restart tsresolved'],
  [
    'a lookup that fails though all looks well',
    { lookups: [{ question: 'A lookup of the root', cause: 'A answers SERVFAIL.', repair: 'tsresolvectl dns lan X' }] },
    'lookup',
    'A lookup of the root fails. A answers SERVFAIL.',
    'tsresolvectl dns lan X',
  ],
  [
    'a server that gives nothing but errors',
    { links: [{ ...LAN, servers: [{ ...SERVER, answers: 5, errors: 5 }] }] },
    'failing-server',
    'nothing but errors (5 of 10',
    'tsresolvectl dns lan SERVER',
  ],
  [
    'a server that is this resolver itself',
    { links: [{ ...LAN, configuredServers: ['127.0.0.53', '10.2.0.1'] }] },
    'own-address',
    '127.0.0.53 of link 2 (lan) is this resolver itself',
    'tsresolvectl dns lan 10.2.0.1',
  ],
  [
    'a dead server of a drop-in',
    {
      links: [
        LAN,
        {
          ...GLOBAL,
          servers: [
            { ...SERVER, server: '10.4.0.1' },
            { ...dead, server: '10.4.0.9' },
          ],
        },
      ],
      serverLines: [{ file: '/etc/systemd/resolved.conf.d/a.conf', line: 2, servers: ['10.4.0.1', '10.4.0.9'] }],
    },
    'dead-server',
    '10.4.0.9',
    "sed -i -E '2s/(=|[[:space:]])10\\.4\\.0\\.9([[:space:]]|$)/\\1\\2/' /etc/systemd/resolved.conf.d/a.conf && systemctl reload",
  ],
  [
    'the dead server of a delegate',
    {
      links: [
        LAN,
        { ...GLOBAL, scope: 'delegate corp', defaultRoute: false, servers: [{ ...dead, server: '10.4.0.9' }] },
      ],
      serverLines: [
        { file: '/etc/systemd/resolved.conf', line: 2, servers: ['10.4.0.9'] },
        { file: '/etc/systemd/dns-delegate.d/corp.dns-delegate', line: 3, servers: ['10.4.0.9'] },
      ],
    },
    'dead-server',
    'delegate corp',
    "sed -i '3s/10\\.4\\.0\\.9/SERVER/' /etc/systemd/dns-delegate.d/corp.dns-delegate && systemctl reload",
  ],
  [
    'global domains without a server',
    { links: [LAN, { ...GLOBAL, inUse: false, defaultRoute: false, domains: ['corp.test'], configuredServers: [] }] },
    'claim-without-server',
    'The global setting claims corp.test',
    "printf '[Resolve]\\nDNS=SERVER\\n' >/etc/systemd/resolved.conf.d/zz-servers.conf",
  ],
  [
    'a resolv.conf that alone names servers',
    { links: [GLOBAL], ...file('search corp.test\nnameserver 10.9.9.9\n') },
    'resolv.conf',
    'the only place that names servers',
    "printf '[Resolve]\\nDNS=10.9.9.9\\nDomains=corp.test\\n' >/etc/systemd/resolved.conf.d/from-resolv-conf.conf && systemctl reload tsresolved && ln -sf",
  ],
  [
    'nsswitch: a wall before resolve',
    hosts('files [NOTFOUND=return] resolve dns', ['resolve']),
    'nsswitch',
    'stops at files',
    'hosts: files resolve dns',
  ],
  [
    'nsswitch: the full mdns4',
    hosts('files mdns4 [NOTFOUND=return] dns'),
    'nsswitch',
    'stops at mdns4',
    'hosts: files mdns4 dns',
  ],
  [
    'nsswitch: .local ends at mdns4_minimal',
    { ...hosts('files mdns4_minimal [NOTFOUND=return] dns'), links: [{ ...LAN, domains: ['~corp.local'] }] },
    'nsswitch',
    'for names in .local',
    'hosts: files mdns4_minimal dns',
  ],
  [
    'two full tunnels',
    {
      links: [
        { ...LAN, domains: ['~.'] },
        { ...VPN, domains: ['~.'], defaultRoute: true, route: true },
      ],
    },
    'same-domain',
    'both claim .',
    "tsresolvectl domain lan ''",
  ],
  ['closed stub', { port53: [], stubAnswers: false }, 'stub', 'Nobody listens', 'DNSStubListener=yes'],
  ['deaf stub', { stubAnswers: false }, 'stub', 'does not answer', 'restart tsresolved'],
  ['no bus', { bus: undefined }, 'bus', 'no system bus', 'start dbus'],
  [
    'bus policy',
    { bus: { owner: undefined } },
    'bus-policy',
    'org.freedesktop.resolve1',
    'org.freedesktop.resolve1.conf',
  ],
  [
    'bus name taken',
    { bus: { owner: { uid: 5, pid: 7, process: 'other' } } },
    'bus-owner',
    'other (uid 5)',
    'kill 7 && systemctl restart tsresolved',
  ],
  [
    'the repair named systemd-resolved by the fifteen letters that the kernel keeps of it',
    { bus: { owner: { uid: 5, pid: 7, process: 'systemd-resolve', unit: 'systemd-resolved.service' } } },
    'bus-owner',
    'systemd-resolve (uid 5)',
    'systemctl disable --now systemd-resolved.service && systemctl restart tsresolved',
  ],
  [
    'stale resolv.conf',
    file('# by dhclient\nnameserver 10.9.9.9\n'),
    'resolv.conf',
    'written by dhclient: programs ask 10.9.9.9',
    'ln -sf',
  ],
  [
    'dangling resolv.conf',
    { resolvConf: { text: undefined, target: '/run/gone' } },
    'resolv.conf',
    '/run/gone',
    'ln -sf',
  ],
  ['no resolv.conf', { resolvConf: { text: undefined, target: undefined } }, 'resolv.conf', 'is missing', 'ln -sf'],
  [
    'uplink resolv.conf',
    { resolvConf: { text: 'nameserver 10.2.0.1', target: '/run/systemd/resolve/resolv.conf' } },
    'resolv.conf',
    'past the resolver',
    'ln -sf',
  ],
  ['nsswitch without DNS', hosts('files myhostname'), 'nsswitch', 'neither', 'hosts: files myhostname dns'],
  [
    'no nsswitch.conf',
    { nsswitch: '', nssModules: [] },
    'nsswitch',
    'is missing or empty: glibc asks dns first',
    "echo 'hosts: files dns' >>/etc/nsswitch.conf",
  ],
  [
    'nsswitch without a line for hosts',
    { nsswitch: 'passwd: files', nssModules: ['resolve'] },
    'nsswitch',
    'has no line hosts:',
    "echo 'hosts: files resolve [!UNAVAIL=return] dns' >>",
  ],
  ['nsswitch with a missing module', hosts('files resolve'), 'nsswitch', 'not installed', 'files resolve dns'],
  ['nsswitch: files last', hosts('dns files', ['dns']), 'nsswitch', 'only after DNS', 'hosts: files dns'],
  [
    'nsswitch: dns first',
    hosts('files dns resolve', ['resolve']),
    'nsswitch',
    'before resolve',
    'files resolve [!UNAVAIL=return] dns',
  ],
  ['nobody takes the rest', { links: [VPN] }, 'default-route', 'nobody claims', 'tsresolvectl dns'],
  [
    'link down',
    { links: [LAN, { ...VPN, up: false, inUse: false }] },
    'link-unusable',
    'vpn has DNS servers but is down',
    'ip link set vpn up',
  ],
  [
    'link without address',
    { links: [LAN, { ...VPN, inUse: false }] },
    'link-unusable',
    'no usable address',
    'ip address show vpn',
  ],
  [
    'no route to a server',
    { unreachable: [{ link: 'vpn', server: '10.9.0.1', reason: 'none' }] },
    'no-route',
    '10.9.0.1 of vpn',
    'ip route add 10.9.0.1 dev vpn',
  ],
  [
    'a blackhole route to a server',
    { unreachable: [{ link: 'vpn', server: '10.9.0.1', reason: 'blackhole' }] },
    'no-route',
    'A route or rule of this machine (blackhole) drops packets to DNS server 10.9.0.1 of vpn.',
    'ip route del $(ip route show table all type blackhole match 10.9.0.1 | tail -n 1)   # if nobody meant that; where there is none: ip rule',
  ],
  [
    'dead server beside a living one',
    { links: [{ ...LAN, servers: [SERVER, dead] }] },
    'dead-server',
    '10.2.0.9%lan',
    'tsresolvectl dns lan 10.2.0.1',
  ],
  [
    'UDP is dropped, and TCP is not',
    { links: [{ ...LAN, servers: [dead] }], tcpOpen: new Set([dead.server]) },
    'dead-server',
    'does not answer over UDP (4 of 4 messages unanswered), though TCP to it comes about: something on the way drops UDP.',
    'tsresolvectl dns lan SERVER',
  ],
  [
    'a file that nobody reads',
    { misnamed: [{ file: '/etc/systemd/dns-delegate.d/corp.conf', ending: '.dns-delegate' }] },
    'configuration',
    '/etc/systemd/dns-delegate.d/corp.conf is not read, as its name does not end in .dns-delegate.',
    'mv /etc/systemd/dns-delegate.d/corp.conf /etc/systemd/dns-delegate.d/corp.dns-delegate && systemctl reload tsresolved',
  ],
  [
    'only dead servers',
    { links: [{ ...LAN, servers: [dead] }] },
    'dead-server',
    '4 of 4 messages',
    'tsresolvectl dns lan SERVER',
  ],
  [
    'strict, the name is another',
    { links: [{ ...LAN, servers: [failing('certificate of 10.2.0.1 is for portal.test, not for dns.test')] }] },
    'encryption',
    'cannot be asked over TLS, and is not asked in plaintext: certificate of 10.2.0.1 is for portal.test, not for dns.test',
    'tsresolvectl dns lan 10.2.0.1#ITS-NAME',
  ],
  [
    'the repair took the names of certificates from the servers that stay',
    {
      links: [
        {
          ...LAN,
          configuredServers: ['10.2.0.9#dns.test', '10.2.0.1%2#dns.test'],
          servers: [dead, SERVER],
        },
      ],
    },
    'dead-server',
    '10.2.0.9%lan',
    "tsresolvectl dns lan '10.2.0.1#dns.test'",
  ],
  [
    'strict, of a delegate: resolved.conf was to be edited',
    {
      links: [
        LAN,
        {
          ...GLOBAL,
          scope: 'delegate corp',
          defaultRoute: false,
          servers: [{ ...failing('10.4.0.1:853: connect ECONNREFUSED'), server: '10.4.0.1' }],
        },
      ],
      serverLines: [
        { file: '/etc/systemd/resolved.conf', line: 2, servers: ['10.4.0.1#dns.test'] },
        { file: '/etc/systemd/dns-delegate.d/corp.dns-delegate', line: 3, servers: ['10.4.0.1#dns.test'] },
      ],
    },
    'encryption',
    'of delegate corp cannot be asked over TLS',
    '+3 /etc/systemd/dns-delegate.d/corp.dns-delegate && systemctl reload tsresolved',
  ],
  [
    'strict, expired or a wrong clock',
    {
      links: [
        {
          ...LAN,
          servers: [
            failing('certificate of 10.2.0.1 expired on Nov 20 2026 GMT, or the clock of this machine is ahead'),
          ],
        },
      ],
    },
    'encryption',
    'cannot be asked over TLS, and is not asked in plaintext: certificate of 10.2.0.1 expired on Nov 20 2026 GMT, or the clock of this machine is ahead',
    'timedatectl status',
  ],
  [
    'strict, not yet valid or a wrong clock',
    {
      links: [
        {
          ...LAN,
          servers: [
            failing(
              'certificate of 10.2.0.1 is not valid before Dec 20 2026 GMT, or the clock of this machine is behind',
            ),
          ],
        },
      ],
    },
    'encryption',
    'cannot be asked over TLS, and is not asked in plaintext: certificate of 10.2.0.1 is not valid before Dec 20 2026 GMT, or the clock of this machine is behind',
    'timedatectl status',
  ],
  [
    'strict, an unknown authority',
    {
      links: [
        {
          ...LAN,
          servers: [failing('certificate of 10.2.0.1 is signed by an authority that this system does not trust')],
        },
      ],
    },
    'encryption',
    'cannot be asked over TLS, and is not asked in plaintext: certificate of 10.2.0.1 is signed by an authority that this system does not trust',
    'update-ca-certificates',
  ],
  [
    'strict, signed by nobody',
    { links: [{ ...LAN, servers: [failing('certificate of 10.2.0.1 is signed by nobody but itself')] }] },
    'encryption',
    'cannot be asked over TLS, and is not asked in plaintext: certificate of 10.2.0.1 is signed by nobody but itself',
    'update-ca-certificates',
  ],
  [
    'strict, no authorities at all',
    { links: [{ ...LAN, servers: [failing('no certificate authority is trusted: /etc/ssl/x holds no certificate')] }] },
    'encryption',
    'cannot be asked over TLS, and is not asked in plaintext: no certificate authority is trusted: /etc/ssl/x holds no certificate',
    'apt-get install --reinstall ca-certificates',
  ],
  [
    'strict, the port is closed',
    { links: [{ ...LAN, servers: [failing('10.2.0.1:853%2: connect ECONNREFUSED')] }] },
    'encryption',
    'cannot be asked over TLS, and is not asked in plaintext: 10.2.0.1:853%2: connect ECONNREFUSED',
    'tsresolvectl dnsovertls lan no',
  ],
  [
    'strict, the port is blocked',
    { links: [{ ...LAN, servers: [failing('10.2.0.1:853%2: cannot connect in time')] }] },
    'encryption',
    'cannot be asked over TLS, and is not asked in plaintext: 10.2.0.1:853%2: cannot connect in time',
    'tsresolvectl dnsovertls lan no',
  ],
  [
    'strict, no TLS there',
    {
      links: [
        { ...LAN, servers: [failing('10.2.0.1:853%2: TLS handshake failed: what listens there does not speak TLS')] },
      ],
    },
    'encryption',
    'cannot be asked over TLS, and is not asked in plaintext: 10.2.0.1:853%2: TLS handshake failed: what listens there does not speak TLS',
    'tsresolvectl dnsovertls lan no',
  ],
  [
    'HTTPS, a portal answers on 443',
    {
      links: [
        {
          ...LAN,
          servers: [failing('certificate of 10.2.0.1 is for portal.test, not for dns.test', 'https')],
        },
      ],
    },
    'encryption',
    'cannot be asked over HTTPS, and is not asked in plaintext: certificate of 10.2.0.1 is for portal.test, not for dns.test',
    'tsresolvectl dns lan 10.2.0.1#https://ITS-NAME/dns-query',
  ],
  [
    'HTTPS, the port is blocked: the mode would change nothing',
    { links: [{ ...LAN, servers: [failing('10.2.0.1:443%2: cannot connect in time', 'https')] }] },
    'encryption',
    'cannot be asked over HTTPS, and is not asked in plaintext: 10.2.0.1:443%2: cannot connect in time',
    'tsresolvectl dns lan 10.2.0.1',
  ],
  [
    'a designated resolver that proves nothing',
    {
      links: [
        {
          ...LAN,
          servers: [
            {
              ...SERVER,
              discovery:
                'designates a resolver for encrypted DNS that is not used: certificate of 10.2.0.9 is for a.test, not for 10.2.0.1',
            },
          ],
        },
      ],
    },
    'encryption',
    'designates a resolver for encrypted DNS that is not used: certificate of 10.2.0.9 is for a.test, not for 10.2.0.1.',
    'DiscoverEncryptedServers=no in /etc/tsresolved.conf',
  ],
  [
    'claim without server',
    { links: [LAN, { ...VPN, configuredServers: [], servers: [] }] },
    'claim-without-server',
    '~corp.test',
    'tsresolvectl dns vpn',
  ],
  [
    'the same claim twice',
    { links: [{ ...LAN, domains: ['corp.test'] }, VPN] },
    'same-domain',
    'both claim corp.test',
    "domain lan ''",
  ],
  [
    'claim of a whole TLD',
    { links: [LAN, { ...VPN, domains: ['~com', '~corp.test'] }] },
    'broad-claim',
    'top-level domain com',
    "domain vpn '~corp.test'",
  ],
  [
    'a resolver of another user was taken for none',
    { ...TRY_OUT, daemon: 'forbidden' },
    'daemon',
    "You may not open /tmp/tsresolved-x/io.systemd.Resolve: the resolver there is another user's.",
    'sudo tsresolvectl --runtime-dir=/tmp/tsresolved-x doctor',
  ],
  ['loopback is down', { isLoopbackUp: false, stubAnswers: false }, 'loopback', 'lo is down', 'ip link set lo up'],
  [
    'a file for root alone',
    { unreadable: ['/etc/hosts'] },
    'unreadable',
    '/etc/hosts may not be read by all',
    'chmod a+r /etc/hosts',
  ],
  [
    'its runtime directory was emptied',
    { daemon: 'none', resolvConf: { text: undefined, target: '/run/systemd/resolve/stub-resolv.conf' } },
    'daemon',
    "tsresolved has the resolver's name on the bus, but nothing answers at",
    'systemctl restart tsresolved',
  ],
  [
    'a server of another link',
    {
      links: [LAN, { ...VPN, configuredServers: ['10.2.0.1'], servers: [{ ...dead, server: '10.2.0.1%vpn' }] }],
      unreachable: [{ link: 'vpn', server: '10.2.0.1', reason: 'none' }],
    },
    'no-route',
    'DNS server 10.2.0.1 is reached by lan, not by vpn.',
    'tsresolvectl dns vpn SERVER',
  ],
  [
    'a server of a family that the link has not',
    {
      links: [LAN, { ...VPN, configuredServers: ['fd00::53'], servers: [{ ...dead, server: 'fd00::53%vpn' }] }],
      unreachable: [{ link: 'vpn', server: 'fd00::53', reason: 'none' }],
    },
    'no-route',
    'Link vpn has no IPv6 address, and thus no route to DNS server fd00::53.',
    'tsresolvectl dns vpn SERVER',
  ],
  [
    'a domain written with an asterisk',
    { links: [LAN, { ...VPN, domains: ['*.corp.test', '~a.test'] }] },
    'wildcard-domain',
    'claims *.corp.test, which no name is within',
    "tsresolvectl domain vpn '~a.test' '~corp.test'",
  ],
  ['a try-out that has ended', { ...TRY_OUT, daemon: 'none' }, 'daemon', 'that try-out has ended', 'npm start'],
  [
    'questions refused for lack of places',
    { refusals: { count: 37, ago: 65_000_000 } },
    'overload',
    'Too many questions were under way: 37 were refused, the latest 1min 5s ago.',
    'tsresolvectl monitor --clients',
  ],
  [
    'guessed replies',
    { links: [{ ...LAN, servers: [{ ...SERVER, guesses: 2, mismatches: 10 }] }] },
    'forged-replies',
    'Somebody may be forging answers of DNS server 10.2.0.1%lan of link 2 (lan): 10 replies to 2 questions did not match.',
    "tcpdump -eni lan -c 20 'udp src port 53 and src host 10.2.0.1'",
  ],
  [
    'guessed replies of a global server',
    {
      links: [
        LAN,
        { ...GLOBAL, servers: [{ ...SERVER, server: '[fd00::1]:53#a.example', guesses: 1, mismatches: 5 }] },
      ],
    },
    'forged-replies',
    '5 replies to one question did not match',
    "tcpdump -eni any -c 20 'udp src port 53 and src host fd00::1'",
  ],
  [
    'names leak to a link',
    { links: [LAN, { ...VPN, defaultRoute: true }] },
    'leak',
    'asked there, too',
    'default-route vpn no',
  ],
]

describe('doctor', () => {
  it('finds nothing where nothing is wrong', () => expect(diagnose(HEALTHY)).toEqual([]))

  it.each(faults)('%s', (_fault, facts, check, what, repair) => {
    const findings = diagnose({ ...HEALTHY, ...facts })
    expect(findings.map((finding) => finding.check)).toEqual([check])
    const [{ what: said, repair: advised }] = findings as [Finding]
    expect(said).toContain(what)
    expect(said).not.toMatch(/^(?:link|global|delegate)\b/) // a sentence begins with a capital letter
    expect(advised).toContain(repair)
  })

  it('a try-out was told to take port 53, the bus and files of the machine', () => {
    const machine = { port53: [{ uid: 1 }], stubAnswers: false, bus: undefined, nsswitch: 'hosts: files\n' }
    expect(diagnose({ ...HEALTHY, ...TRY_OUT, ...machine, ...file('nameserver 10.9.9.9\n') })).toEqual([])
  })

  it('refusals of long ago are history, those of now a problem', () => {
    const levels = (ago: number) => diagnose({ ...HEALTHY, refusals: { count: 1, ago } }).map(({ level }) => level)
    expect([levels(1e6), levels(60e6), levels(3600e6)]).toEqual([['problem'], ['warning'], []])
  })

  it('a server that cannot be asked encrypted is a problem where no other can, else a warning', () => {
    const works = { ...failing(''), trusted: true, answers: 4, silences: 0 }
    const other = { ...works, server: '10.2.0.2%lan', encryption: { ...works.encryption, state: 'works' } }
    const levels = (...servers: (typeof SERVER)[]) =>
      diagnose({ ...HEALTHY, links: [{ ...LAN, servers }] }).map(({ check, level }) => [check, level])
    expect(levels(failing('x'))).toEqual([['encryption', 'problem']])
    expect(levels(failing('x'), other)).toEqual([['encryption', 'warning']])
  })

  it('does not advise a server that has fallen silent itself', () => {
    const servers = [{ ...SERVER, trusted: false }, dead]
    const findings = diagnose({ ...HEALTHY, links: [{ ...LAN, servers }] })
    expect(findings.map(({ level, repair }) => [level, repair])).toEqual([
      ['problem', 'tsresolvectl dns lan SERVER'],
      ['problem', 'tsresolvectl dns lan SERVER'],
    ])
  })

  it('does not lead programs to a stub that does not answer', () => {
    const findings = diagnose({ ...HEALTHY, ...file('nameserver 10.9.9.9\n'), daemon: 'none', stubAnswers: false })
    expect(findings.map(({ check }) => check)).toEqual(['daemon'])
  })

  it.each([
    ['a private top-level domain may be claimed', { links: [LAN, { ...VPN, domains: ['~lan'] }] }],
    ['the ~. of a full tunnel', { links: [LAN, { ...VPN, domains: ['~.'], defaultRoute: true }] }],
    [
      'mdns4_minimal, as Debian has it',
      hosts('files mdns4_minimal [NOTFOUND=return] resolve [!UNAVAIL=return] dns', ['resolve']),
    ],
    ['~. where no other takes the rest', { links: [{ ...LAN, domains: ['~.'], defaultRoute: false }] }],
    ['a module that is missing, with dns behind it', hosts('files resolve dns')],
    [
      'a server that was tried over TLS and is asked in plaintext, as its mode lets it',
      {
        links: [
          { ...LAN, servers: [{ ...SERVER, encryption: { ...failing('x').encryption, mode: 'opportunistic' } }] },
        ],
      },
    ],
    [
      'a resolver that a server designates and that is used, or that it names nobody',
      {
        links: [
          {
            ...LAN,
            servers: [
              { ...SERVER, discovery: 'designates dns.test at 10.2.0.9 port 853 for DNS over TLS' },
              { ...SERVER, discovery: 'designates nobody' },
            ],
          },
        ],
      },
    ],
    ['a foreign file that names the stub', file('nameserver 127.0.0.53\n')],
  ])('%s', (_case, facts) => expect(diagnose({ ...HEALTHY, ...facts })).toEqual([]))

  it('an nsswitch.conf that was repaired is quiet', () => {
    const rewrites = faults.flatMap(([, facts]) =>
      diagnose({ ...HEALTHY, ...facts }).flatMap(({ fix }) =>
        fix?.kind === 'rewrite-nsswitch' ? diagnose({ ...HEALTHY, ...facts, nsswitch: fix.text }) : [],
      ),
    )
    expect(rewrites).toEqual([])
  })

  it('fixes only what it can undo', () => {
    const fixed = faults
      .flatMap(([, facts]) => diagnose({ ...HEALTHY, ...facts }))
      .filter(({ fix }) => fix !== undefined)
    expect(new Set(fixed.map(({ check }) => check))).toEqual(new Set(['resolv.conf', 'nsswitch', 'leak']))
  })

  it('reads nameserver lines, not comments', () => {
    expect(nameserversIn('# nameserver 1.1.1.1\nnameserver 10.0.0.1\n nameserver\tfd00::1\n')).toEqual([
      '10.0.0.1',
      'fd00::1',
    ])
  })
})

describe('monitor --clients', () => {
  const question: ReportedQuestion = {
    answeredUSec: 1_700_000_000_123_000,
    name: 'www.corp.test',
    types: [1, 28],
    state: 'success',
    rcode: 0,
    records: 2,
    source: 'network',
    scope: 'link 3 (vpn)',
    ifindex: 3,
    server: '10.3.0.1%vpn',
    transport: 'udp',
    tookUSec: 1234,
    attempts: 2,
    client: { via: 'bus', uid: 1000, pid: 7, process: 'firefox' },
  }
  const failed = { ...question, state: 'timeout', source: 'none' }
  const missing = { ...question, state: 'rcode-failure', rcode: 3 }

  it('is one line', () => {
    expect(questionLine(question).slice(12)).toBe(
      '  firefox[7] uid 1000 (bus)  www.corp.test A+AAAA              2 records   network link 3 (vpn) 10.3.0.1%vpn/udp after 2 attempts  1.2ms',
    )
  })

  it.each([
    ['name below', { name: 'corp.test' }, 0, question, true],
    ['name beside', { name: 'orp.test' }, 0, question, false],
    ['link', {}, 3, question, true],
    ['other link', {}, 2, question, false],
    ['process', { client: 'firefox' }, 0, question, true],
    ['uid', { client: '1000' }, 0, question, true],
    ['other client', { client: '7777' }, 0, question, false],
    ['source', { outcome: 'network' }, 0, question, true],
    ['rcode', { outcome: 'NXDOMAIN' }, 0, missing, true],
    ['failed', { outcome: 'failed' }, 0, failed, true],
    ['source of none', { outcome: 'nobody' }, 0, failed, true],
    ['NXDOMAIN is no failure', { outcome: 'failed' }, 0, missing, false],
  ])('filter by %s', (_what, filters, ifindex, one, passes) => {
    expect(questionFilter(filters, ifindex)(one)).toBe(passes)
  })

  it('refuses what no question can be', () => {
    expect(() => questionFilter({ outcome: 'nxdomian' }, 0)).toThrow('"nxdomian" is no outcome: say failed, ')
    expect(() => questionFilter({ name: 'a..b' }, 0)).toThrow('not a domain name')
  })
})
