import type { Credentials } from '../../kit/certificates.ts'
import { debianExtra } from './debian.ts'
import type { Lab } from './lab.ts'
import type { Link } from './link.ts'

/** Servers of Debian, at the link's `realServer`: DNS over TLS on port 853, over HTTPS on 443, in plaintext on 53. */
export type EncryptedServer = 'unbound' | 'bind9' | 'dnsdist' | 'knot-resolver'

const HOME = '/run/lab/encrypted'

/**
 * With `designates`, the parameters of its record (RFC 9462), it answers in plaintext too, and unbound and dnsdist
 * designate themselves by the name `dns.test`. Each answers A of every name below `test` with 192.0.2.77; dnsdist asks the
 * link's scripted server for it.
 */
export async function startEncryptedServer(
  lab: Lab,
  link: Link,
  kind: EncryptedServer,
  credentials: Credentials,
  { designates }: { readonly designates?: string } = {},
): Promise<void> {
  const at = link.realServer
  const folder = await debianExtra(kind)
  await lab.write(`${HOME}/cert.pem`, credentials.cert)
  await lab.write(`${HOME}/key.pem`, credentials.key)
  await lab.write(`${HOME}/test.zone`, ZONE)
  await lab.write(`${HOME}/${kind}.conf`, CONFIGURATIONS[kind](at, link.server) + DESIGNATIONS[kind](at, designates))
  const libraries = `LD_LIBRARY_PATH=${folder}/usr/lib/x86_64-linux-gnu`
  const argv = ['env', libraries, 'sh', '-c', 'exec "$@" 2>&1', 'sh', ...COMMANDS[kind](folder)]
  await link.start(argv, { until: READY[kind] })
}

const ZONE = '$TTL 60\n@ SOA ns.test. root.test. 1 60 60 60 60\n@ NS ns.test.\n* A 192.0.2.77\nns A 192.0.2.77\n'

/** Knot Resolver looks for its modules below /usr alone: in a mount namespace of its own they are there. */
const MOUNTED = 'mount -t overlay overlay -o "lowerdir=$1:/usr" /usr && cd "$2" && exec kresd -n -c "$3"'
const BELOW_USR = ['unshare', '--mount', 'sh', '-c', MOUNTED, 'sh']

const COMMANDS: Readonly<Record<EncryptedServer, (folder: string) => string[]>> = {
  unbound: (folder) => [`${folder}/usr/sbin/unbound`, '-d', '-c', `${HOME}/unbound.conf`],
  bind9: (folder) => [`${folder}/usr/sbin/named`, '-g', '-c', `${HOME}/bind9.conf`],
  dnsdist: (folder) => [`${folder}/usr/bin/dnsdist`, '--supervised', '--disable-syslog', '-C', `${HOME}/dnsdist.conf`],
  'knot-resolver': (folder) => [...BELOW_USR, `${folder}/usr`, HOME, `${HOME}/knot-resolver.conf`],
}

const READY: Readonly<Record<EncryptedServer, RegExp>> = {
  unbound: /start of service/,
  bind9: /running/,
  dnsdist: /Marking downstream .* as 'up'|Listening on .*443/,
  'knot-resolver': /listening/,
}

type Designation = (at: string, parameters: string | undefined) => string

/** Plaintext, and the record of `_dns.resolver.arpa`. */
const DESIGNATIONS: Readonly<Record<EncryptedServer, Designation>> = {
  unbound: (at, parameters) =>
    parameters === undefined
      ? ''
      : `  interface: ${at}@53
  local-zone: "resolver.arpa." static
  local-data: '_dns.resolver.arpa. 300 IN SVCB 1 dns.test. ${parameters}'
`,
  bind9: () => '',
  'knot-resolver': () => '',
  dnsdist: (at, parameters) =>
    parameters === undefined
      ? ''
      : `addAction(AndRule{QNameRule('_dns.resolver.arpa'), QTypeRule(64)}, SpoofSVCAction({
  newSVCRecordParameters(1, 'dns.test.', { mandatory={'port'}, alpn={'dot'}, port=853, ipv4hint={'${at}'} })
}))
`,
}

const CONFIGURATIONS: Readonly<Record<EncryptedServer, (at: string, backend: string) => string>> = {
  unbound: (at) => `
server:
  interface: ${at}@53
  interface: ${at}@853
  interface: ${at}@443
  tls-service-key: "${HOME}/key.pem"
  tls-service-pem: "${HOME}/cert.pem"
  access-control: 0.0.0.0/0 allow
  username: ""
  chroot: ""
  pidfile: ""
  directory: "/tmp"
  use-syslog: no
  verbosity: 1
  module-config: "iterator"
  local-zone: "test." redirect
  local-data: "test. 60 A 192.0.2.77"
`,
  bind9: (at) => `
tls t { key-file "${HOME}/key.pem"; cert-file "${HOME}/cert.pem"; };
http h { endpoints { "/dns-query"; }; };
options {
  directory "/tmp";
  listen-on { ${at}; };
  listen-on port 853 tls t { ${at}; };
  listen-on port 443 tls t http h { ${at}; };
  listen-on-v6 { none; };
  recursion no;
  pid-file none;
  session-keyfile none;
};
zone "test" { type primary; file "${HOME}/test.zone"; };
`,
  dnsdist: (at, backend) => `
setLocal('${at}:53')
setACL('0.0.0.0/0')
addTLSLocal('${at}', '${HOME}/cert.pem', '${HOME}/key.pem')
addDOHLocal('${at}', '${HOME}/cert.pem', '${HOME}/key.pem', '/dns-query')
newServer('${backend}:53')
`,
  'knot-resolver': (at) => `
net.tls('${HOME}/cert.pem', '${HOME}/key.pem')
net.listen('${at}', 53, { kind = 'dns' })
net.listen('${at}', 853, { kind = 'tls' })
net.listen('${at}', 443, { kind = 'doh2' })
trust_anchors.remove('.')
modules.unload('priming')
local answer = policy.ANSWER({ [kres.type.A] = { rdata = kres.str2ip('192.0.2.77'), ttl = 60 } })
policy.add(policy.suffix(answer, policy.todnames({ 'test' })))
print('listening')
`,
}
