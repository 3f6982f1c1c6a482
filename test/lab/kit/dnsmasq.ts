import type { Link } from './link.ts'
import type { World } from './world.ts'

export interface Dnsmasq {
  /** Names and types, oldest first. */
  readonly asked: readonly string[]
}

/** A real server at the link's `realServer`, for ordinary zones; it sees only what `options` say. */
export async function startDnsmasq(link: Link, options: readonly string[]): Promise<Dnsmasq> {
  const asked: string[] = []
  // With `--no-daemon` a TCP connection that is kept open would keep everybody else waiting.
  const how = ['--keep-in-foreground', '--log-facility=-', '--user=root', '--group=root', '--pid-file=']
  const what = ['--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--log-queries']
  const where = [`--listen-address=${link.realServer}`, '--bind-interfaces', '--except-interface=lo']
  const argv = ['sh', '-c', 'exec dnsmasq "$@" 2>&1', 'sh', ...how, ...what, ...where, ...options]
  const onLine = (line: string) => {
    const [, type, name] = /query\[(\w+)\] (\S+) from/.exec(line) ?? []
    if (name !== undefined) asked.push(`${name.toLowerCase()} ${type}`)
  }
  await link.start(argv, { onLine, until: /started/ })
  return { asked }
}

/** One on the host itself, which answers nothing: in the place of the stub. */
export async function startDnsmasqOn(world: World, address: string): Promise<void> {
  const how = ['--no-daemon', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--pid-file=', '--bind-interfaces']
  const argv = ['sh', '-c', 'exec dnsmasq "$@" 2>&1', 'sh', ...how, `--listen-address=${address}`]
  await world.start('dnsmasq', argv, { until: /started/ })
}
