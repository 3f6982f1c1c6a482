import { TestAuthority } from '../test/kit/certificates.ts'
import type { Link } from '../test/lab/kit/link.ts'
import type { World } from '../test/lab/kit/world.ts'
import { debianProgram } from './packages.ts'
import { ZONE } from './questions.ts'

const HOME = '/run/lab/upstream'

/** unbound, one thread, at ports 853 and 443 of an upstream network: it gives every name the same address. */
export async function startEncryptedUpstream(world: World, uplink: Link, answer: string): Promise<void> {
  using authority = new TestAuthority()
  const { cert, key } = authority.certificate({ san: `IP:${uplink.server}` })
  await world.write('/etc/ssl/certs/ca-certificates.crt', authority.ca)
  await world.write(`${HOME}/cert.pem`, cert)
  await world.write(`${HOME}/key.pem`, key)
  await world.write(`${HOME}/unbound.conf`, configuration(uplink.server, answer))
  const unbound = await debianProgram('unbound')
  const argv = ['sh', '-c', 'exec "$@" 2>&1', 'sh', ...unbound, '-d', '-c', `${HOME}/unbound.conf`]
  await uplink.start(argv, { until: /start of service/ })
}

function configuration(at: string, answer: string): string {
  return `server:
  interface: ${at}@853
  interface: ${at}@443
  tls-service-key: "${HOME}/key.pem"
  tls-service-pem: "${HOME}/cert.pem"
  access-control: 0.0.0.0/0 allow
  num-threads: 1
  incoming-num-tcp: 100
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
