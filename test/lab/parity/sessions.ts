import type { LabSpec } from '../kit/lab.ts'
import type { LinkSpec } from '../kit/link.ts'
import type { Zone } from '../kit/zone.ts'

/** One machine, and what is said to it, command by command. */
export interface Session extends Omit<LabSpec<'lan'>, 'links'> {
  readonly link?: LinkSpec
  /**
   * Words after the client's name; `''` is an empty one. `resolvconf …` and `systemd-resolve …` call it by that name,
   * `$ …` runs something else, `| …` shows the output as hex, and `<LINE` is a line of input with `_` for spaces.
   */
  readonly commands: readonly string[]
}

const key = 'aabbccdd'.repeat(14)
const zone: Zone = {
  'www.test': 'A 192.0.2.1',
  'two.test': ['A 192.0.2.1', 'A 192.0.2.2'],
  'both.test': ['A 192.0.2.3', 'AAAA 2001:db8::3'],
  'six.test': 'AAAA 2001:db8::1',
  'cn.test': 'CNAME www.test',
  'loop.test': 'CNAME loop.test',
  'll.test': 'AAAA fe80::1234',
  'a-very-long-name-that-goes-beyond-the-column-of-links-in-the-output.test': 'A 192.0.2.9',
  'xn--bcher-kva.test': 'A 192.0.2.7',
  'idn.test': 'CNAME xn--bcher-kva.test',
  '1.2.0.192.in-addr.arpa': 'PTR www.test',
  '7.2.0.192.in-addr.arpa': 'PTR xn--bcher-kva.test',
  'txt.test': 'TXT v=spf1 -all',
  'esc.test': ['TYPE16 03615c62', 'TYPE16 0522c3bc0aff'],
  'mx.test': 'MX 10 mail.test',
  'ns.test': 'NS ns1.test',
  '_http._tcp.test': ['SRV 0 5 80 www.test', 'TYPE16 0570613d2f22'],
  'web._http._tcp.test': ['SRV 0 5 80 cn.test', 'TXT path=/'],
  '_none._tcp.test': 'SRV 0 0 0 .',
  '_443._tcp.test': 'TYPE52 030101aabbcc',
  '_25._udp.test': 'TYPE52 000200aabbcc',
  'sshfp.test': 'TYPE44 0402aabbccdd',
  'caa.test': 'TYPE257 00056973737565706b692e74657374',
  'crit.test': 'TYPE257 80056973737565706b692e74657374',
  'ds.test': `TYPE43 30390802${key.slice(0, 64)}`,
  'key.test': `TYPE48 0101030803010001${key}`,
  'hinfo.test': 'TYPE13 0561726d3634054c696e7578',
  'loc.test': 'TYPE29 001216138b2b2d2a6bf03f0a0098a5b0',
  'https.test': 'TYPE65 0001000001000302683200040004c0000201',
  'svcb.test': 'TYPE64 00010373766304746573740000030002 01bb',
  'odd.test': 'TYPE4711 c0ffee',
}
const lan: LinkSpec = { zone, defaultRoute: true }
const vpn: LinkSpec = { zone, domains: ['~corp.test', 'search.test'] }
const spare = '$ ip link add spare type dummy'

// biome-ignore format: commands read better in rows
export const SESSIONS: Readonly<Record<string, Session>> = {
  'C-1, C-3, C-6, C-Q-1…8: query: names, addresses, families, protocols, links': {
    link: lan,
    commands: [
      'query www.test', 'query www.test', 'query two.test', 'query -4 both.test', 'query -6 both.test', 'query -6 www.test', 'query six.test -4',
      'query cn.test', 'query --cname=no cn.test', 'query WWW.Test', 'query www.test.', 'query none.test', 'query www.test none.test six.test', 'query loop.test',
      'query 192.0.2.1', 'query 192.0.2.99', 'query --legend=no 2001:db8::1', 'query 127.0.0.1', 'query ::1', 'query fe80::1', 'query fe80::1%lan', 'query fe80::1%missing', 'query 192.0.2.1%lan',
      'query localhost', 'query -4 labhost', 'query _gateway', 'query single', 'query single.', 'query --search=no single',
      'query --cache=no www.test', 'query --network=no www.test', 'query --network=no uncached.test', 'query --synthesize=no localhost', 'query --validate=no www.test', 'query --trust-anchor=no www.test', 'query --zone=no www.test', 'query --stale-data=no www.test', 'query --relax-single-label=yes single',
      'query -p dns www.test', 'query -p mdns www.test', 'query -p llmnr www.test', 'query -p dns -p mdns www.test', 'query -p nope www.test',
      'query -i lan www.test', 'query -i 2 www.test', 'query -i missing www.test', 'query -i lan -i 2 www.test', 'query -i lan -i lo www.test', 'query --interface=lan --legend=no www.test',
      'query ll.test', 'query bücher.test', 'query xn--bcher-kva.test', 'query idn.test', 'query 192.0.2.7', 'query a-very-long-name-that-goes-beyond-the-column-of-links-in-the-output.test',
      'query a..b', `query ${'a'.repeat(64)}.test`, 'query .', "query ''", 'query', 'query 1.2.3', 'query www.test -- -4', 'query has_underscore.test', 'query 999.1.1.1',
    ],
  },
  'C-Q-7…14: query --type, service, tlsa, openpgp': {
    link: lan,
    commands: [
      ...'A/www.test AAAA/both.test CNAME/cn.test A/cn.test TXT/txt.test TXT/esc.test MX/mx.test NS/ns.test SRV/_http._tcp.test TLSA/_443._tcp.test TLSA/_25._udp.test SSHFP/sshfp.test CAA/caa.test CAA/crit.test DS/ds.test DNSKEY/key.test HINFO/hinfo.test LOC/loc.test HTTPS/https.test SVCB/svcb.test TYPE4711/odd.test PTR/1.2.0.192.in-addr.arpa MX/www.test A/none.test ANY/www.test AXFR/www.test OPT/www.test MD/www.test RRSIG/www.test TYPE0/www.test A/bücher.test a/www.test TYPE1/www.test NOPE/www.test A/single A/single. A/localhost PTR/192.0.2.1'
        .split(' ').map((each) => `query -t ${each.replace('/', ' ')}`),
      'query -t A --cname=no cn.test', 'query -t A -c IN www.test', 'query -c IN www.test', 'query -t A -c CH www.test', 'query -t A www.test none.test mx.test',
      'query dns:www.test', 'query dns:mx.test?type=MX', 'query dns://192.0.2.53/www.test', 'query dns:www.test?class=IN;type=A', 'query dns:www.test?type=A;type=A', 'query dns:www.test?foo=1', 'query DNS:www.test', 'query dns:www.test?type=NOPE', 'query dns:', 'query dns:www.test?',
      '| query -t A --raw www.test', '| query -t A --raw=packet two.test', '| query -t SSHFP --raw sshfp.test', '| query -t MX --raw=packet mx.test', 'query -t MX --raw mx.test', 'query --raw www.test', 'query --raw=foo -t A www.test', 'query -t A --raw --json=short www.test',
      'tlsa test', 'tlsa tcp test', 'tlsa udp test:25', 'tlsa test:99', 'tlsa test:0', 'tlsa test:foo', 'tlsa tcp', 'tlsa', 'tlsa none.test test', 'tlsa -t A test', '| tlsa --raw test',
      'openpgp nobody@test', 'openpgp nobody', 'openpgp', 'openpgp -t A nobody@test', 'openpgp a@test b@test',
      'service test', '--service-txt=yes service _http._tcp test', 'service _http._tcp test', '--legend=no service web _http._tcp test', "service '' _http._tcp test", 'service _http._tcp.test', '--service-txt=no service web _http._tcp test', '--service-address=no service web _http._tcp test', 'service _none._tcp test', 'service _nope._tcp test', 'service', 'service a b c d', 'service http tcp test', '--service-txt=foo service _http._tcp test',
    ],
  },
  'C-S-1…7, C-P-1…3, C-SET-1, C-SET-2, C-SET-4…9: settings of links: print, set, status, revert': {
    link: vpn,
    commands: [
      spare, '', 'status', 'status lan', 'status 2', 'status lan spare', 'status lo', 'status missing', 'status missing lan', '-i spare status lan',
      ...['dns', 'domain', 'default-route', 'llmnr', 'mdns', 'dnssec', 'dnsovertls', 'nta'].flatMap((verb) => [`${verb} lan`, `${verb} missing`, `-i lan ${verb}`]),
      'dns', 'domain', 'default-route', 'llmnr', 'mdns', 'dnssec', 'dnsovertls', '-i spare dns lan',
      'dns lan 10.53.1.1:5353 10.53.1.2#dns.corp.test [fd53:1::1]:5353%lan#six.corp.test fe80::53%lan', 'dns lan', 'status lan', "dns lan ''", 'dns lan', 'dns lan nonsense', 'dns lan fe80::1%lo', 'dns lan fe80::1%missing', 'dns lan 127.0.0.53',
      'dns lan 10.53.1.1 10.53.1.2 10.53.1.3 fd53:1::1 fd53:1::2 fd53:1::3', 'dns lan', 'status lan', 'dns lan 10.53.1.1:0', 'dns lan 10.53.1.1:99999', 'dns lan 10.53.1.1#', 'dns lo 10.53.1.1', "dns lan '' 10.53.1.1",
      'domain lan corp.test ~route.test ~.', 'domain lan', 'status lan', 'domain lan a..b', 'domain lan .', 'domain lan ~', 'domain lan bücher.test', 'domain lan', "domain lan ''", 'domain lan', 'domain lan first-long-domain.number-one.test second-long-domain.number-two.test third-long-domain.test', 'domain lan', 'status lan', 'domain lo x',
      'default-route lan yes', 'default-route lan', 'default-route lan no', 'default-route lan', 'default-route lan perhaps', 'default-route lan yes no', 'status lan',
      'llmnr lan yes', 'llmnr lan resolve', 'llmnr lan no', 'llmnr lan', 'llmnr lan perhaps', 'mdns lan on', 'mdns lan no', 'mdns lan', 'dnssec lan no', 'dnssec lan perhaps', 'dnssec lan', "dnssec lan ''", 'dnsovertls lan no', 'dnsovertls lan perhaps', 'dnsovertls lan', 'nta lan corp.test other.test', 'nta lan', 'nta lan a..b', "nta lan ''", 'nta lan', 'status',
      'revert lan', 'status lan', 'revert', 'revert missing', 'revert lo', '-i lan revert', 'revert lan spare', 'revert -i spare lan',
    ],
  },
  'C-1, C-2: maintenance, options, and what is wrong with them': {
    link: lan,
    commands: [
      'query -4 --legend=no www.test', 'query -4 --legend=no www.test', 'query --legend=no -4 none.test', 'statistics', 'reset-statistics', 'statistics', 'flush-caches', 'statistics', 'reset-server-features',
      'log-level', 'log-level debug', 'log-level', 'log-level info', 'log-level noise', 'log-level', 'statistics x', 'flush-caches x', 'reset-server-features x', 'monitor x', 'log-level a b',
      'nosuchverb', '--nosuchoption', '-Z', '--version', '--help', '-h', 'help', '-t help', '-c help', '-p help', '--legend=no -t help', '--legend=no -p help', '--legend=maybe status',
      '--type', '-i', 'query -t', '--no-pager dns', '--no-ask-password dns', '--ver', '--ser', '--legend', '--no-pager=x dns', 'show-cache x', 'show-server-state x',
    ],
  },
  'C-RC-1, C-RC-2, C-RC-4…9: resolvconf': {
    link: { zone: {}, dns: [] },
    commands: [
      'resolvconf -a lan <nameserver_10.53.1.1 <search_corp.test', 'dns lan', 'domain lan', 'default-route lan', 'resolvconf -d lan', 'dns lan', 'domain lan',
      'resolvconf -a lan -m 0 -x <nameserver_10.53.1.1_10.53.1.2 <domain_a.test_b.test', 'dns lan', 'domain lan', 'resolvconf -a lan.dhcp <nameserver_10.53.1.3', '--legend=yes dns lan', 'resolvconf -d lan.dhcp', 'resolvconf -a lan <search_x.test', 'resolvconf -a lan <nameserver_nonsense', 'resolvconf -a gone <nameserver_10.53.1.1', 'resolvconf -f -a gone <nameserver_10.53.1.1', 'resolvconf -d gone', 'resolvconf -d gone -f', '--legend=yes dns lan',
      'resolvconf -a lan <#x <;y <nameserver_10.53.1.1 <options_edns0 <search_"quoted.test"_x.test <', 'domain lan', 'resolvconf -a lan -p <nameserver_10.53.1.1', 'default-route 2', 'domain 2',
      'resolvconf', 'resolvconf -a', 'resolvconf lan', 'resolvconf -a lan spare <nameserver_10.53.1.1', 'resolvconf -l lan', 'resolvconf -i x', 'resolvconf -u', 'resolvconf -u -l', 'resolvconf --enable-updates', 'resolvconf --disable-updates', 'resolvconf --updates-are-enabled',
      'resolvconf -Z', 'resolvconf --nope', 'resolvconf -h', 'resolvconf --version', 'resolvconf -I', 'resolvconf -R', 'resolvconf -r x', 'resolvconf -v', 'resolvconf -V', 'resolvconf -m',
    ],
  },
  'systemd-resolve': {
    link: lan,
    commands: [
      'systemd-resolve --legend=no www.test', 'systemd-resolve -4 192.0.2.1 none.test', 'systemd-resolve', 'systemd-resolve -t MX mx.test', 'systemd-resolve --status', 'systemd-resolve --status lan', 'systemd-resolve --statistics', 'systemd-resolve --reset-statistics', 'systemd-resolve --flush-caches', 'systemd-resolve --reset-server-features',
      'systemd-resolve --service web _http._tcp test', 'systemd-resolve --openpgp a@test', 'systemd-resolve --tlsa test', 'systemd-resolve --tlsa=udp test:25', 'systemd-resolve --help', 'systemd-resolve --version', 'systemd-resolve -p help',
      'systemd-resolve -i lan --set-dns=10.53.1.1 --set-dns 10.53.1.2 --set-domain=~corp.test --set-llmnr=no --set-mdns=no --set-dnsovertls=no --set-dnssec=no --set-nta=x.test', 'dns lan', 'domain lan', 'nta lan',
      'systemd-resolve --set-dns=10.53.1.1', 'systemd-resolve -i lan --set-dns=nonsense', 'systemd-resolve -i missing --set-dns=10.53.1.1', 'systemd-resolve -i lan --revert', 'dns lan', 'systemd-resolve --revert', 'systemd-resolve --nope',
    ],
  },
  'no resolver': {
    start: false,
    commands: ['query www.test other.test', 'status', 'statistics', 'flush-caches', 'reset-server-features', 'reset-statistics', 'dns', 'dns lo', 'log-level', 'log-level info', 'monitor', 'query -t A www.test', 'service _x._tcp test', 'revert lo', 'resolvconf -a lo <nameserver_10.53.1.1'],
  },
}
