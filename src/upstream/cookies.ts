import type { Millis, Random } from '../base/index.ts'
import { GuardEvidence } from './guard-evidence.ts'
import type { OwnCookie } from './guards.ts'

/** Sizes in bytes (RFC 7873 §4). */
export const CLIENT_COOKIE = 8
const SHORTEST_SERVER_COOKIE = 8
const LONGEST_SERVER_COOKIE = 32
/** Replies with somebody else's cookie: after so many the server mixes up its clients, and gets none. */
const FOREIGN_COOKIES = 2

/**
 * Our cookie for one server and, once it has given one, the server's for us (RFC 7873 §5.1). Ours is random, belongs to
 * one server and one address of this machine (RFC 9018 §3), and is drawn anew when addresses may have changed, so that
 * nobody knows this machine again by it on the next network.
 */
export class Cookies {
  readonly evidence = new GuardEvidence()
  #client: Buffer | undefined
  #server: Buffer | undefined
  #foreign = 0

  /** What to send. */
  own(random: Random): OwnCookie {
    this.#client ??= drawn(random)
    return { client: this.#client, server: this.#server }
  }

  /** `cookie`: of a believed reply to a message with the client cookie `sent`, if it had one (RFC 7873 §5.3). */
  onReply(cookie: Buffer | undefined, sent: Buffer, isGood: boolean): void {
    const server = cookie?.subarray(CLIENT_COOKIE)
    const isWhole =
      server !== undefined && server.length >= SHORTEST_SERVER_COOKIE && server.length <= LONGEST_SERVER_COOKIE
    this.evidence.onReply(isWhole, isGood)
    // The reply may be to a cookie of the network before.
    if (isWhole && this.#client === sent) this.#server = Buffer.from(server)
  }

  /** A reply was not believed: it had no cookie, or one that is not ours. */
  onDisbelieved(hasCookie: boolean, now: Millis): void {
    if (!hasCookie) this.evidence.onMissing()
    else if (++this.#foreign >= FOREIGN_COOKIES) {
      this.#foreign = 0
      this.evidence.turnOff(now)
    }
  }

  /** This machine may have another address by now (RFC 7873 §6, RFC 9018 §3). */
  renew(): void {
    this.#client = undefined
    this.#server = undefined
  }

  reset(): void {
    this.renew()
    this.#foreign = 0
    this.evidence.reset()
  }
}

function drawn(random: Random): Buffer {
  const client = Buffer.alloc(CLIENT_COOKIE)
  for (let at = 0; at < CLIENT_COOKIE; at += 2) client.writeUInt16BE(random.below(0x1_0000), at)
  return client
}

/**
 * Whether a reply's cookie lets it be believed (RFC 7873 §5.3): one for another client never does, none at all only from
 * a server that is not known to send them. A client cookie that comes back alone was repeated by a server that has none.
 */
export function isCookieBelieved(cookie: Buffer | undefined, sent: Buffer, isExpected: boolean): boolean {
  if (cookie === undefined) return !isExpected
  return cookie.length >= CLIENT_COOKIE && cookie.compare(sent, 0, CLIENT_COOKIE, 0, CLIENT_COOKIE) === 0
}
