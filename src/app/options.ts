import { parseArgs } from 'node:util'
import type { IpAddress, LogLevel } from '../base/index.ts'
import { LOG_LEVELS } from '../base/index.ts'
import { parseListenSpec } from '../settings/index.ts'

/** The command line, checked. */
export interface Options {
  /** A file or directory in place of the standard configuration. */
  readonly config: string | undefined
  readonly runtimeDirectory: string
  /** In place of 127.0.0.53 and 127.0.0.54; none for those. */
  readonly listen: readonly { readonly address: IpAddress; readonly port: number }[]
  readonly logLevel: LogLevel
  /** Whom to become when started as root; none for the usual one, if it exists. */
  readonly user: string | undefined
  /** Nothing of the machine's resolver is taken: neither its addresses, nor its directory, nor its name on the bus. */
  readonly tryOut: boolean
  /** The standard addresses are taken from the resolver that still runs. */
  readonly replaces: boolean
  readonly action: 'run' | 'help' | 'version'
}

/** Arguments that cannot be understood; `message` is for the person who typed them. */
export class UsageError extends Error {}

/** Where clients of systemd-resolved look for its sockets and files. */
export const STANDARD_DIRECTORY = '/run/systemd/resolve'

export const HELP = `Usage: tsresolved [OPTION...]

Per-link caching DNS stub resolver: answers on 127.0.0.53 and 127.0.0.54, on the
system bus as org.freedesktop.resolve1, and by varlink.

  --config PATH          read this file, or this directory laid out like
                         /etc/systemd, instead of the standard places
  --runtime-dir DIR      where resolv.conf, sockets and saved link settings go
                         (default ${STANDARD_DIRECTORY})
  --listen ADDR[:PORT]   answer here instead of 127.0.0.53 and 127.0.0.54;
                         may be given several times; port 53 when left out
  --replace              take the addresses of a resolver that still runs: UDP at
                         once, where that lets us (systemd-resolved does), TCP
                         when it ends
  --user NAME            started as root, become this user (default
                         systemd-resolve, if there is one; root stays root)
  --log-level LEVEL      ${LOG_LEVELS.join(', ')}
                         (default info)
  --try-out              run beside the machine's resolver: with its links'
                         servers, on a port and in a directory of its own, not
                         on the bus
  -h, --help             show this and exit
  --version              show the version and exit

Signals: SIGHUP reloads the configuration, SIGUSR1 logs caches and servers,
SIGUSR2 flushes all caches, SIGRTMIN+1 forgets what servers can do, SIGRTMIN+18
sets the log level by its value (256 emerg … 263 debug), SIGTERM and SIGINT end it.
Configuration: /etc/systemd/resolved.conf and /etc/tsresolved.conf.
`

/** Checks everything that can be checked without looking at the machine. @throws {UsageError} */
export function parseOptions(argv: readonly string[]): Options {
  // The unit gives none, and Node takes a hundredth of a start to load what parses them.
  const values: ReturnType<typeof parse> = argv.length === 0 ? {} : parse(argv)
  const { 'log-level': logLevel = 'info', 'runtime-dir': runtimeDirectory = STANDARD_DIRECTORY } = values
  const level = LOG_LEVELS.find((candidate) => candidate === logLevel)
  if (level === undefined) throw new UsageError(`--log-level: '${logLevel}' is none of ${LOG_LEVELS.join(', ')}.`)
  if (runtimeDirectory === '') throw new UsageError('--runtime-dir: the directory is empty.')
  return {
    config: values.config,
    runtimeDirectory,
    listen: (values.listen ?? []).map(parseListen),
    logLevel: level,
    user: values.user,
    tryOut: values['try-out'] ?? false,
    replaces: values.replace ?? false,
    action: values.help === true ? 'help' : values.version === true ? 'version' : 'run',
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        config: { type: 'string' },
        'runtime-dir': { type: 'string' },
        listen: { type: 'string', multiple: true },
        replace: { type: 'boolean' },
        user: { type: 'string' },
        'log-level': { type: 'string' },
        'try-out': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/** `ADDR[:PORT]`, as `DNSStubListenerExtra=` has it but for the prefix that names one transport. */
function parseListen(text: string): { address: IpAddress; port: number } {
  try {
    const { address, port, transport } = parseListenSpec(text)
    if (transport !== 'both') throw new Error('both UDP and TCP are opened; leave the prefix out.')
    return { address, port }
  } catch (error) {
    throw new UsageError(`--listen ${text}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
