import { dirname, join } from 'node:path'
import type { Lifetime, Logger } from '../base/index.ts'
import type { Daemon } from './daemon.ts'
import { neighbourLinks, saveAsOurs } from './neighbour.ts'
import type { Options } from './options.ts'
import { withPrivateDirectory } from './runtime-directory.ts'

/** A directory of our own, with what the machine's resolver has been told of links. */
export async function prepareTryOut(wanted: Options, life: Lifetime, logger: Logger): Promise<Options> {
  const options = withPrivateDirectory(wanted, life)
  const { runtimeDirectory } = options
  const links = await neighbourLinks(process.env.DBUS_SYSTEM_BUS_ADDRESS, process.getuid?.() ?? 0, logger)
  await saveAsOurs(links, runtimeDirectory)
  const learnt = links.size === 0 ? '' : ` The resolver that runs already has told the servers of ${links.size} links.`
  logger.notice(
    `A try-out: nothing of the machine is changed; sockets and files are in ${runtimeDirectory} until it ends.${learnt}`,
  )
  return options
}

/** The lines that prove it works, and what is missing for that. */
export function announceTryOut(daemon: Daemon, { runtimeDirectory }: Options, logger: Logger): void {
  const client = [process.execPath, join(dirname(import.meta.filename), 'cli/main.js')]
  const control = `${client.join(' ')} --runtime-dir=${runtimeDirectory}`
  if (!daemon.knowsServers) {
    logger.warning(
      `It knows no DNS server. Name one:  ${control} dns LINK ADDRESS   or DNS= in /etc/systemd/resolved.conf`,
    )
  }
  const [first] = daemon.places
  if (first === undefined) return
  const at = `dig @${first.address.text} -p ${first.port}`
  logger.notice(`Try:  ${at} example.com   (without a network:  ${at} localhost)`)
  logger.notice(`Try:  ${control} status`)
}
