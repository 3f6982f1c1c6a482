import { OBSERVE_INTERFACE, SETTINGS_INTERFACE } from '../../varlink-idl/index.ts'
import { isUnavailable, type VarlinkClient } from '../client/varlink-client.ts'
import { shellWord } from '../terminal/shell-word.ts'
import type { CauseFacts } from './cause-facts.ts'
import type { LinkView } from './doctor-findings.ts'

/** What the daemon says of links and servers besides the question. A daemon that does not tell leaves it empty. */
export async function readDaemonFacts(
  varlink: VarlinkClient,
): Promise<Pick<CauseFacts, 'links' | 'origins' | 'unreachable'>> {
  const [links, origins, unreachable] = await Promise.all([
    orNone(describeLinks(varlink)),
    orNone(varlink.call(SETTINGS_INTERFACE, 'ListOrigins', {}).then((reply) => reply.origins)),
    unreachableServers(varlink),
  ])
  return { links, origins, unreachable }
}

/** Names of links are as a shell must be given them: whoever makes a link names it, and repairs are pasted into shells. */
export async function describeLinks(varlink: VarlinkClient): Promise<readonly LinkView[]> {
  const { links } = await varlink.call(OBSERVE_INTERFACE, 'DescribeLinks', {})
  return links.map((link) => Object.assign(link, { name: shellWord(link.name) }))
}

/** Servers to which the kernel lets no packets. */
export async function unreachableServers(varlink: VarlinkClient): Promise<CauseFacts['unreachable']> {
  const servers = await orNone(
    varlink.call(OBSERVE_INTERFACE, 'ListUnroutedServers', {}).then((reply) => reply.servers),
  )
  return servers.map(({ name, address: server, reason }) => ({ link: shellWord(name), server, reason }))
}

function orNone<T>(reply: Promise<readonly T[]>): Promise<readonly T[]> {
  return orElse(reply, [])
}

/** `otherwise` where the daemon does not offer it. @throws any other error */
export async function orElse<T, U>(reply: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await reply
  } catch (error) {
    if (!isUnavailable(error)) throw error
    return otherwise
  }
}
