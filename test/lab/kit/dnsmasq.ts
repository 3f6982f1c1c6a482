import { eventually } from './eventually.ts'
import type { Link } from './link.ts'

export interface Dnsmasq {
  /** Names and types, oldest first. */
  readonly asked: readonly string[]
}

/** A real server at the link's `realServer`, for ordinary zones; it sees only what `options` say. */
export async function startDnsmasq(link: Link, options: readonly string[]): Promise<Dnsmasq> {
  const asked: string[] = []
  let listens = false
  const base = [
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--no-resolv',
    '--no-hosts',
    '--user=root',
    '--log-queries',
  ]
  const where = [`--listen-address=${link.realServer}`, '--bind-interfaces', '--except-interface=lo', '--pid-file=']
  const argv = ['sh', '-c', 'exec dnsmasq "$@" 2>&1', 'sh', ...base, ...where, '--log-facility=-', ...options]
  await link.start(argv, (line) => {
    listens ||= line.includes('started')
    const [, type, name] = /query\[(\w+)\] (\S+) from/.exec(line) ?? []
    if (name !== undefined) asked.push(`${name.toLowerCase()} ${type}`)
  })
  await eventually(() => {
    if (!listens) throw new Error('dnsmasq does not listen')
  })
  return { asked }
}
