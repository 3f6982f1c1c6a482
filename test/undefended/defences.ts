/** A defence of `src/SECURITY.md`, what takes it away, and the tests that must fail then. */
export interface Defence {
  readonly name: string
  /** Below `src/`; each text stands there exactly once. */
  readonly file: string
  readonly edits: readonly (readonly [text: string, instead: string])[]
  readonly tests: readonly DefenceTest[]
}

export interface DefenceTest {
  readonly project: 'unit' | 'replay' | 'lab'
  /** Below `test/<project>/`, without `.test.ts`. */
  readonly file: string
  /** Part of its title; all tests of the file when left out. */
  readonly title?: string
}

const unit = (file: string, title?: string): DefenceTest => ({ project: 'unit', file, ...(title && { title }) })
const replay = (file: string, title?: string): DefenceTest => ({ project: 'replay', file, ...(title && { title }) })
const attack = (title: string): DefenceTest => ({ project: 'lab', file: 'attacks', title })
const trap = (title: string): DefenceTest => ({ project: 'lab', file: 'dnssec-attacks', title })

export const DEFENCES: readonly Defence[] = [
  {
    name: 'ports are drawn from a wide range',
    file: 'sys/source-ports.ts',
    edits: [['this.#random.below(LAST_PORT - FIRST_PORT + 1)', '20_000 + this.#random.below(1024)']],
    tests: [unit('sys/source-ports')],
  },
  {
    name: 'no port is used where few are free',
    file: 'sys/source-ports.ts',
    edits: [['const SCARCE_SHARE = 1 / 3', 'const SCARCE_SHARE = -1']],
    tests: [unit('sys/source-ports')],
  },
  {
    name: 'after five wrong replies the question goes by TCP',
    file: 'upstream/transaction.ts',
    edits: [['const MAX_MISMATCHES = 5', 'const MAX_MISMATCHES = 1e9']],
    tests: [replay('forgery')],
  },
  {
    name: 'one message is out for a name, type and class',
    file: 'scope/open-questions.ts',
    edits: [['if (first?.isOut !== true) this.#start(question)', 'if (first !== question) this.#start(question)']],
    tests: [unit('scope/open-questions')],
  },
  {
    name: 'letters of the question are compared',
    file: 'upstream/reply-flaw.ts',
    edits: [['if (mixesCase && repeatsCase && ', 'if (mixesCase && !mixesCase && ']],
    tests: [replay('guards')],
  },
  {
    name: 'cookies are compared',
    file: 'upstream/reply-flaw.ts',
    edits: [['if (own === undefined) return undefined', 'if (own === undefined || own) return undefined']],
    tests: [replay('guards')],
  },
  {
    name: 'a reply is composed anew of what was asked',
    file: 'wire/recompose.ts',
    edits: [['if (isInOrder(question, message) && ', 'if (isInOrder(question, message) || ']],
    tests: [replay('relayed-answers')],
  },
  {
    name: 'a DNAME above the domain of the server teaches nothing',
    file: 'wire/recompose.ts',
    edits: [['return labelCount(name) < 2 || !isWithin(name, domain())', 'return false']],
    tests: [replay('forged-replies')],
  },
  {
    name: 'private addresses are taken out of answers',
    file: 'resolve/rebinding.ts',
    edits: [['return isPrivateAddress(rdata) ? rdata : undefined', 'return undefined']],
    tests: [replay('rebinding')],
  },
  {
    name: 'names that stay at home',
    file: 'routing/home-zones.ts',
    edits: [['if (found !== undefined) return found', 'if (found !== undefined) return undefined']],
    tests: [unit('routing/routing'), replay('privacy', 'R-ROUTE-17')],
  },
  {
    name: 'no probe asks for a name that others are asked for now',
    file: 'upstream/upstream.ts',
    edits: [['if (proven !== undefined && isMovedElsewhere(proven.name))', 'if (proven === undefined)']],
    tests: [replay('privacy')],
  },
  {
    name: 'what reading a message takes is bounded',
    file: 'wire/name-limits.ts',
    edits: [['if (this.#left < 0)', 'if (this.#left < -1e12)']],
    tests: [unit('wire/compression-bombs')],
  },
  {
    name: 'chains are cut',
    file: 'wire/recompose.ts',
    edits: [['const MAX_LINKS = MAX_REDIRECTS + 2', 'const MAX_LINKS = MAX_REDIRECTS + 1e6']],
    tests: [unit('wire/compression-bombs')],
  },
  {
    name: 'a request has few records',
    file: 'stub/request.ts',
    edits: [['const MAX_RECORDS = 8', 'const MAX_RECORDS = 1e6']],
    tests: [unit('stub/request')],
  },
  {
    name: 'a bus message holds a bounded number of values',
    file: 'dbus/unmarshal.ts',
    edits: [['if (--this.#left < 0)', 'if (--this.#left < -1e12)']],
    tests: [unit('dbus/unmarshal')],
  },
  {
    name: 'lengths in bus messages are compared with what is there',
    file: 'dbus/unmarshal.ts',
    edits: [['if (size > this.#bytes.length - start)', 'if (size < 0)']],
    tests: [unit('dbus/unmarshal')],
  },
  {
    name: 'what was asked for once leaves the cache first',
    file: 'cache/entry-store.ts',
    edits: [
      ['if (isProtected) this.#protect(entry)', 'if (isProtected && !isProtected) this.#protect(entry)'],
      ['if (left === 0 || !oldest.isUsed)', 'if (left === 0 || oldest)'],
    ],
    tests: [unit('cache/scope-cache'), replay('caching', 'R-CACHE-3')],
  },
  {
    name: 'networks have a bounded rate',
    file: 'stub/access.ts',
    edits: [["if (counted.bucket.take()) return 'answer'", "if (counted.at === now) return 'answer'"]],
    tests: [unit('stub/access')],
  },
  {
    name: 'no reply goes to martians',
    file: 'stub/access.ts',
    edits: [['if (port === 0 || isMartian(address)) return false', '']],
    tests: [unit('stub/access')],
  },
  {
    name: 'the log replaces what steers a terminal',
    file: 'base/printable.ts',
    edits: [["return text.replace(/\\p{C}/gu, '?')", 'return text']],
    tests: [unit('sys/log-writer'), unit('texts-of-others')],
  },
  {
    name: 'the client replaces what steers a terminal',
    file: 'cli/terminal/screen.ts',
    edits: [['return isOurs ? found : `?${found.slice(1)}`', 'return isOurs || found']],
    tests: [unit('cli/harmless')],
  },
  {
    name: 'what is not remembered waits in fair shares',
    file: 'stub/stub-udp.ts',
    edits: [
      ['if (!this.#waiting.hasRoomFor(groups)) {', 'if (this.#waiting.size > 1e9) {'],
      ['const MAX_WAITING = 2048', 'const MAX_WAITING = 1e9'],
      ['const MAX_PENDING = 4096', 'const MAX_PENDING = 1e9'],
      [
        '    this.#turns.add(this)\n',
        '    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#workOut(next)\n',
      ],
    ],
    tests: [unit('stub/stub-udp'), attack('10,000 new names a second')],
  },
  {
    name: 'no more questions are begun than are finished',
    file: 'sys/work-turns.ts',
    edits: [
      [
        'this.#beginnings = this.#isBehind() ? 1 : Infinity',
        'this.#beginnings = this.#isBehind() ? Infinity : Infinity',
      ],
    ],
    tests: [unit('sys/work-turns'), attack('cached answers had to wait seconds')],
  },
  {
    name: 'replies that are kept go with a flush',
    file: 'control/controller.ts',
    edits: [["    this.#events.tell('flushed')\n", '']],
    tests: [unit('control/controller', 'of a flush'), attack('394 MiB')],
  },
  {
    name: 'pipelines over TCP take turns, and wait for a client that does not read',
    file: 'stub/stub-tcp.ts',
    edits: [
      ['const HIGH_WATER = 65_537', 'const HIGH_WATER = 1e12'],
      ['const MAX_UNREAD = 4 * 65_537', 'const MAX_UNREAD = 1e12'],
      ['const LOOKS = 64', 'const LOOKS = 1e9'],
    ],
    tests: [unit('stub/stub-tcp'), attack('50 TCP clients')],
  },
  {
    name: 'few signatures of a question may fail',
    file: 'dnssec/budget.ts',
    edits: [
      ['checks: 96', 'checks: 1e9'],
      ['failures: 16', 'failures: 1e9'],
    ],
    tests: [unit('dnssec/bounds'), trap('keys of a dear curve'), trap('RSA keys')],
  },
  {
    name: 'validation goes on at once for a millisecond of a turn',
    file: 'sys/work-turns.ts',
    edits: [
      ['const AT_ONCE: Millis = 1\n', 'const AT_ONCE: Millis = 1e9\n'],
      ['const TURN: Millis = 2\n', 'const TURN: Millis = 1e9\n'],
    ],
    tests: [unit('sys/work-turns'), trap('RSA keys'), trap('NSEC3 of 50')],
  },
  {
    name: 'bus calls take turns',
    file: 'bus/call-queue.ts',
    edits: [
      [
        '    this.#turns.add(this)\n    return true',
        '    for (let more = true; more; ) more = this.step()\n    return true',
      ],
    ],
    tests: [unit('bus/call-queue'), attack('200 property dumps')],
  },
  {
    name: 'varlink calls take turns',
    file: 'varlink/connection/connection.ts',
    edits: [['        await turns.turn()\n', '        void turns\n']],
    tests: [attack('100 varlink clients')],
  },
  {
    name: 'a varlink call has 64 KiB',
    file: 'varlink/connection/limits.ts',
    edits: [['call: 64 * 1024', 'call: 1024 * 1024 * 1024']],
    tests: [unit('varlink/server'), attack('varlink calls of 15 MiB')],
  },
  {
    name: 'one user has a share of the bytes of varlink calls',
    file: 'varlink/connection/limits.ts',
    edits: [['left - this.#total * RESERVED < held + amount', 'left < 0']],
    tests: [unit('varlink/server', 'one user holds half')],
  },
  {
    name: 'one user has a share of the connections of varlink',
    file: 'varlink/connection/server.ts',
    edits: [['this.#countOf(peer) < this.#limits.connectionsPerUid', 'this.#countOf(peer) >= 0']],
    tests: [unit('varlink/server', 'connections of one uid are limited')],
  },
  {
    name: 'replies to other hosts have 1232 bytes',
    file: 'stub/listener.ts',
    edits: [['const LARGEST_FOR_OTHERS = 1232', 'const LARGEST_FOR_OTHERS = 65_507']],
    tests: [unit('stub/access', '61 KB to a question')],
  },
  {
    name: 'other hosts are of networks that may ask',
    file: 'stub/access.ts',
    edits: [['address.isLoopback || this.#allowed()', 'address.isLoopback || port > 0 || this.#allowed()']],
    tests: [unit('stub/access')],
  },
  {
    name: 'the oldest idle connection gives up its place',
    file: 'stub/stub-tcp.ts',
    edits: [
      [
        '    if (victim === undefined) return false\n',
        '    if (victim === undefined || MAX_CONNECTIONS > 0) return false\n',
      ],
    ],
    tests: [unit('stub/stub-tcp'), attack('thousands of sockets')],
  },
  {
    name: 'a byte of a stream costs a byte',
    file: 'wire/stream-framer.ts',
    edits: [
      ['  #held = 0\n  /**', '  #held = 0\n  readonly #parts: Buffer[] = []\n  /**'],
      ['    this.#held = held\n', '    this.#held = held\n    this.#parts.push(Buffer.from(this.#chunk))\n'],
    ],
    tests: [unit('wire/stream-framer')],
  },
]
