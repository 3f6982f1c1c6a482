import { type Credentials, TestAuthority } from '../test/kit/certificates.ts'
import type { Link } from '../test/lab/kit/link.ts'
import { TlsServer } from '../test/lab/kit/tls-server.ts'
import type { World } from '../test/lab/kit/world.ts'
import { debianProgram } from './packages.ts'
import { ZONE } from './questions.ts'

const HOME = '/run/lab/upstream'

/** unbound, one thread, at ports 53, 853 and 443 of an upstream network: it gives every name the same address. */
export async function startEncryptedUpstream(world: World, uplink: Link, answer: string): Promise<void> {
  const { cert, key } = await trustedCertificate(world, uplink)
  await world.write(`${HOME}/cert.pem`, cert)
  await world.write(`${HOME}/key.pem`, key)
  await world.write(`${HOME}/unbound.conf`, configuration(uplink.server, answer))
  const unbound = await debianProgram('unbound')
  const argv = ['sh', '-c', 'exec "$@" 2>&1', 'sh', ...unbound, '-d', '-c', `${HOME}/unbound.conf`]
  await uplink.start(argv, { until: /start of service/ })
}

/** A server at port 853 that answers two questions on each connection and closes it. */
export async function startClosingUpstream(world: World, uplink: Link): Promise<void> {
  await TlsServer.open(uplink, { credentials: await trustedCertificate(world, uplink), behaviour: 'close-after-two' })
}

async function trustedCertificate(world: World, uplink: Link): Promise<Credentials> {
  using authority = new TestAuthority()
  await world.write('/etc/ssl/certs/ca-certificates.crt', authority.ca)
  return authority.certificate({ san: `IP:${uplink.server},DNS:*.${ZONE}` })
}

function configuration(at: string, answer: string): string {
  return `server:
  interface: ${at}@53
  interface: ${at}@853
  interface: ${at}@443
  tls-service-key: "${HOME}/key.pem"
  tls-service-pem: "${HOME}/cert.pem"
  access-control: 0.0.0.0/0 allow
  num-threads: 1
  incoming-num-tcp: 200
  module-config: "iterator"
  do-daemonize: no
  use-syslog: no
  verbosity: 1
  username: ""
  chroot: ""
  directory: "/tmp"
  pidfile: ""
  local-zone: "${ZONE}." redirect
  local-data: "${ZONE}. 300 A ${answer}"
`
}
