import { type Log, reasonOf } from '../base/index.ts'
import {
  type Authority,
  type Caller,
  isTrusted,
  mayRead,
  type Operation,
  PERMISSIONS,
  type Authorization,
} from '../control/index.ts'
import { type ArgumentsOf, type BusConnection, type InterfaceDescription, RemoteError, Variant } from '../dbus/index.ts'

const POLKIT = { destination: 'org.freedesktop.PolicyKit1', path: '/org/freedesktop/PolicyKit1/Authority' } as const
const AUTHORITY = {
  name: 'org.freedesktop.PolicyKit1.Authority',
  methods: {
    CheckAuthorization: {
      in: '(sa{sv}) subject, s action_id, a{ss} details, u flags, s cancellation_id',
      out: '(bba{ss}) result',
    },
    CancelCheckAuthorization: { in: 's cancellation_id', out: '' },
  },
  properties: {},
} as const satisfies InterfaceDescription
type AuthorizationCheck = ArgumentsOf<typeof AUTHORITY, 'CheckAuthorization'>
type Subject = AuthorizationCheck[0]

/** CheckAuthorization's flag: a dialog may be shown. */
const ALLOW_USER_INTERACTION = 1

/** What the bus answers when nobody is there to be asked. */
const ABSENT = new Set([
  'org.freedesktop.DBus.Error.ServiceUnknown',
  'org.freedesktop.DBus.Error.NameHasNoOwner',
  'org.freedesktop.DBus.Error.Spawn.ChildExited',
  'org.freedesktop.systemd1.NoSuchUnit',
  'org.freedesktop.systemd1.LoadFailed',
])

/** How polkit is reached. */
type Bus = Pick<BusConnection, 'invoke'>

/** Whom the daemon runs as. */
export interface Identity {
  readonly uid: number
  readonly gid: number
}

/**
 * Asks polkit over the bus; without a bus or without polkit only root and the daemon's own user may (dbus.md §9), and
 * members of its group may look.
 */
export class PolkitAuthority implements Authority {
  readonly #daemonUid: number
  readonly #daemonGid: number
  readonly #connection: () => Bus | undefined
  readonly #log: Log
  /** Makes cancellation IDs; they need to differ only among our own calls. */
  #asked = 0

  constructor({ uid, gid }: Identity, connection: () => Bus | undefined, log: Log) {
    this.#daemonUid = uid
    this.#daemonGid = gid
    this.#connection = connection
    this.#log = log
  }

  async authorize(
    operation: Operation,
    caller: Caller,
    interfaceName: string | undefined,
    interactive: boolean,
    signal: AbortSignal,
  ): Promise<Authorization> {
    signal.throwIfAborted()
    if (isTrusted(caller, this.#daemonUid) || mayRead(operation, caller, this.#daemonGid)) return 'allowed'
    const { action, concernsLink } = PERMISSIONS[operation]
    const connection = this.#connection()
    const subject = subjectOf(caller)
    if (action === undefined || connection === undefined || subject === undefined) return 'denied'
    const details: AuthorizationCheck[2] =
      concernsLink && interfaceName !== undefined ? { interface: interfaceName } : {}
    const id = `tsresolved-${++this.#asked}`
    return this.#ask(connection, [subject, action, details, interactive ? ALLOW_USER_INTERACTION : 0, id], signal)
  }

  /** No answer is no: polkit's errors deny, and only one that is not about its absence is worth a warning. */
  async #ask(connection: Bus, question: AuthorizationCheck, signal: AbortSignal): Promise<Authorization> {
    try {
      const [answer] = await connection.invoke(POLKIT, AUTHORITY, 'CheckAuthorization', question, { signal })
      const [isAuthorized, isChallenge] = answer
      return isAuthorized ? 'allowed' : isChallenge ? 'needs-interaction' : 'denied'
    } catch (error) {
      if (signal.aborted) {
        cancel(connection, question[4])
        throw error
      }
      const isAbsent = error instanceof RemoteError && ABSENT.has(error.errorName)
      if (!isAbsent) this.#log.warning(`polkit gives no answer: ${reasonOf(error)}`)
      return 'denied'
    }
  }
}

/** Takes the dialog away; whether polkit still knows the question does not matter. */
function cancel(connection: Bus, id: string): void {
  void connection.invoke(POLKIT, AUTHORITY, 'CancelCheckAuthorization', [id]).catch(() => undefined)
}

/** Whom polkit is to judge: a bus name, or a process for callers over a socket (polkit looks up its start time). */
function subjectOf({ busName, uid, pid }: Caller): Subject | undefined {
  if (uid === undefined) return undefined
  if (busName !== undefined) return ['system-bus-name', { name: new Variant('s', busName) }]
  if (pid === undefined) return undefined
  const process = { pid: new Variant('u', pid), 'start-time': new Variant('t', 0n), uid: new Variant('i', uid) }
  return ['unix-process', process]
}
