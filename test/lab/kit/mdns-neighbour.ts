import { readMulticast, type MulticastMessage } from '../../../src/multicast/message.ts'
import { debianExtra } from './debian.ts'
import type { Lab } from './lab.ts'
import type { Link } from './link.ts'
import type { Program, StartOptions } from './program.ts'
import { inside } from './world.ts'

const KIT = `${inside.repo}/test/lab/kit`

/** A packet from or to port 5353. */
export interface MdnsPacket {
  readonly from: string
  readonly fromPort: number
  readonly to: string
  readonly toPort: number
  readonly hopLimit: number
  readonly message: MulticastMessage | undefined
}

/** What goes over the link in either direction by multicast DNS, as it comes. */
export async function mdnsPackets(link: Link): Promise<readonly MdnsPacket[]> {
  const packets: MdnsPacket[] = []
  const onLine = (line: string) => {
    if (!line.startsWith('{')) return
    const { hex, ...packet } = JSON.parse(line) as Omit<MdnsPacket, 'message'> & { readonly hex: string }
    packets.push({ ...packet, message: readMulticast(Buffer.from(hex, 'hex'), 'mdns') })
  }
  await link.start(['python3', `${KIT}/mdns-listen.py`, link.name], { until: /^listening$/, onLine })
  return packets
}

/** Where a neighbour runs: a link runs it at its far end. */
export interface Machine {
  run(argv: readonly string[]): Promise<string>
  start(argv: readonly string[], options?: Omit<StartOptions, 'network'>): Promise<Program>
}

/** The host under test itself, beside the daemon. */
export function onHost({ world }: Lab): Machine {
  return { run: (argv) => world.run(argv), start: (argv, options) => world.start(`host ${argv[0]}`, argv, options) }
}

export interface AvahiService {
  readonly name: string
  readonly type: string
  readonly port: number
  readonly txt?: readonly string[]
}

/** Avahi with a bus of its own. */
export class Avahi {
  readonly daemon: Program
  readonly #machine: Machine
  readonly #folder: string

  private constructor(machine: Machine, folder: string, daemon: Program) {
    this.#machine = machine
    this.#folder = folder
    this.daemon = daemon
  }

  /** Ready once its host name is established. */
  static async start(machine: Machine, hostname: string, services: readonly AvahiService[] = []): Promise<Avahi> {
    const folder = await debianExtra('avahi')
    const files = services.map((service, i) => `write ${i}.service <<'END'\n${serviceFile(service)}\nEND`).join('\n')
    const daemon = await machine.start(
      ['unshare', '--mount', '--uts', 'sh', '-ec', SCRIPT, 'sh', folder, hostname, files],
      {
        until: /Server startup complete/,
      },
    )
    return new Avahi(machine, folder, daemon)
  }

  /** What one of its programs prints, such as `avahi-browse`. @throws when it fails */
  run(program: string, ...words: readonly string[]): Promise<string> {
    return this.#machine.run(this.#command(program, words))
  }

  /** A service that is there until the program ends. */
  publish(...words: readonly string[]): Promise<Program> {
    return this.#machine.start(['sh', '-c', 'exec "$@" 2>&1', 'sh', ...this.#command('avahi-publish', words)], {
      until: /Established/,
    })
  }

  /** Lines of avahi-browse, as services of a type come and go. */
  follow(type: string, onLine: (line: string) => void): Promise<Program> {
    const argv = ['stdbuf', '-oL', ...this.#command('avahi-browse', ['-p', type])]
    return this.#machine.start(argv, { onLine })
  }

  #command(program: string, words: readonly string[]): string[] {
    return [
      'env',
      `LD_LIBRARY_PATH=${libraries(this.#folder)}`,
      `DBUS_SYSTEM_BUS_ADDRESS=${BUS}`,
      `${this.#folder}/usr/bin/${program}`,
      ...words,
    ]
  }
}

/** Of the network namespace, as abstract sockets are. */
const BUS = 'unix:abstract=avahi-bus'

function libraries(folder: string): string {
  return `${folder}/usr/lib/x86_64-linux-gnu:${folder}/usr/lib/aarch64-linux-gnu`
}

/** Words: folder of the programs, host name, commands that write service files. */
const SCRIPT = `
mkdir -p /run/avahi-daemon /etc/avahi
mount -t tmpfs tmpfs /run/avahi-daemon
mount -t tmpfs tmpfs /etc/avahi
mkdir -p /etc/avahi/services
cp /etc/passwd /etc/group /etc/avahi
echo 'avahi:x:0:0::/:/bin/false' >>/etc/avahi/passwd
echo 'avahi:x:0:' >>/etc/avahi/group
mount --bind /etc/avahi/passwd /etc/passwd
mount --bind /etc/avahi/group /etc/group
write() { cat >"/etc/avahi/services/$1"; }
eval "$3"
printf '[server]\\nhost-name=%s\\nuse-ipv4=yes\\nuse-ipv6=yes\\nratelimit-burst=10000\\nentries-per-entry-group-max=1000\\n' "$2" >/etc/avahi/daemon.conf
cat >/etc/avahi/bus.conf <<'END'
<busconfig><type>system</type><listen>${BUS}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy>
</busconfig>
END
export DBUS_SYSTEM_BUS_ADDRESS=${BUS} LD_LIBRARY_PATH=$1/usr/lib/x86_64-linux-gnu:$1/usr/lib/aarch64-linux-gnu
hostname "$2"
dbus-daemon --config-file=/etc/avahi/bus.conf --fork --nopidfile
exec "$1/usr/sbin/avahi-daemon" --no-drop-root --no-chroot --no-rlimits -f /etc/avahi/daemon.conf 2>&1
`

function serviceFile({ name, type, port, txt = [] }: AvahiService): string {
  const texts = txt.map((text) => `<txt-record>${text}</txt-record>`).join('')
  return `<service-group><name>${name}</name><service><type>${type}</type><port>${port}</port>${texts}</service></service-group>`
}

/** Publishes by python3-zeroconf at the far end, over IPv4, until the program is stopped: then it says goodbye. */
export async function publishByZeroconf(
  link: Link,
  host: string,
  type: string,
  names: readonly string[],
): Promise<Program> {
  const folder = await debianExtra('zeroconf')
  const words = [link.realServer, host, type, ...names]
  const path = `PYTHONPATH=${folder}/usr/lib/python3/dist-packages`
  return link.start(['env', path, 'python3', `${KIT}/zeroconf-publish.py`, ...words], { until: /^published$/ })
}

/** mdns-scan at the far end, which has no answers of its own; gives the lines it tells. */
export async function scan(link: Link): Promise<readonly string[]> {
  const lines: string[] = []
  const program = `${await debianExtra('mdns-scan')}/usr/bin/mdns-scan`
  await link.run(['ip', 'route', 'add', '224.0.0.0/4', 'dev', link.name]) // it leaves the choice of the link to routes
  await link.start(['sh', '-c', 'exec "$1" 2>&1', 'sh', program], { onLine: (line) => void lines.push(line) })
  return lines
}
