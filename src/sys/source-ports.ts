import { readFileSync } from 'node:fs'
import type { Random } from '../base/index.ts'

/** Above the ports that services usually have; 48 Ki of them. */
export const FIRST_PORT = 16_384
const LAST_PORT = 65_535
/** Ports tried for one socket. */
const TRIES = 8
/** Ports count as scarce when fewer than this share of those tried was free. With less a forger has under 2^14 to guess from. */
const SCARCE_SHARE = 1 / 3
/** Tries that the share is a moving average of: so few that hoarding is noticed within a dozen questions. */
const WINDOW = 32
const RESERVED_PORTS = '/proc/sys/net/ipv4/ip_local_reserved_ports'

/**
 * The ports that questions leave by (R-SRV-7, RFC 5452 §9.2), chosen here: what the kernel gives is what others have left
 * over, and who binds all ephemeral ports but a few knows which that is. Where many of those tried are taken none is
 * given any more, until they are free again; questions then go by TCP.
 */
export class SourcePorts {
  readonly #random: Random
  readonly #reserved: ReadonlySet<number>
  #freeShare = 1
  /** Called when they have become scarce. */
  onScarce: () => void = () => undefined

  /** `reserved`: ports that the administrator keeps for services. */
  constructor(random: Random, reserved: ReadonlySet<number> = reservedPorts()) {
    this.#random = random
    this.#reserved = reserved
  }

  get areScarce(): boolean {
    return this.#freeShare < SCARCE_SHARE
  }

  /** `bind` says whether the port was free, and throws for any other failure. @throws {ScarcePortsError} */
  bind(bind: (port: number) => boolean): void {
    // Also while they are scarce some are looked at for each question, so that the share follows what is free.
    for (let tries = 0; tries < TRIES; tries++) {
      const isFree = bind(this.#draw())
      this.#note(isFree)
      if (isFree && !this.areScarce) return
      if (isFree) break
    }
    throw new ScarcePortsError()
  }

  #note(isFree: boolean): void {
    const wereScarce = this.areScarce
    this.#freeShare += ((isFree ? 1 : 0) - this.#freeShare) / WINDOW
    if (this.areScarce && !wereScarce) this.onScarce()
  }

  #draw(): number {
    for (;;) {
      const port = FIRST_PORT + this.#random.below(LAST_PORT - FIRST_PORT + 1)
      if (!this.#reserved.has(port)) return port
    }
  }
}

/** Too few ports are free to leave by one that nobody can guess. `code` as in errors of the system. */
export class ScarcePortsError extends Error {
  readonly code = 'EADDRINUSE'

  constructor() {
    super('most UDP ports of this machine are taken, and one that is left could be guessed')
  }
}

/** As `8080,9148-9150`; none where it cannot be read, or where next to nothing else would be left. */
export function reservedPorts(text = textOf(RESERVED_PORTS)): ReadonlySet<number> {
  const ports = text.split(',').flatMap((range) => {
    const [first = Number.NaN, last = first] = range.trim().split('-').map(Number)
    const from = Math.max(FIRST_PORT, first)
    return Array.from({ length: Math.max(0, Math.min(LAST_PORT, last) - from + 1) || 0 }, (_, i) => from + i)
  })
  return new Set(ports.length > (LAST_PORT - FIRST_PORT) / 2 ? [] : ports)
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
