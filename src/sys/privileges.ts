import { readdirSync, readFileSync } from 'node:fs'
import { type Capability, maskOf, parseRights } from './capabilities.ts'
import type { Libc } from './libc.ts'

const PR_SET_KEEPCAPS = 8
const PR_SET_NO_NEW_PRIVS = 38
const CAPABILITY_VERSION_3 = 0x20080522

/** What a resolver needs of root's powers: port 53, and links to bind to (R-PROC-2). */
const KEPT: readonly Capability[] = ['NET_BIND_SERVICE', 'NET_RAW']

export interface User {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** A user of /etc/passwd by its text; system users are local ones. */
export function findUser(passwd: string, name: string): User | undefined {
  for (const line of passwd.split('\n')) {
    const [user, , uid, gid] = line.split(':')
    if (user === name && uid !== undefined && gid !== undefined) return { name, uid: Number(uid), gid: Number(gid) }
  }
  return undefined
}

/**
 * From root to `user` for good, keeping only what KEPT names (R-PROC-4). Without the C library nothing can be kept, so
 * low ports must be open by then.
 *
 * This is done in the running process rather than by starting again through setpriv(1): it needs no other program,
 * keeps the PID the service manager knows, and is sound because of what each step reaches. setuid() and its kin change
 * every thread (the C library sees to that), which takes all capabilities from the threads of V8 and libuv; KEEPCAPS
 * and capset() reach only the calling thread, and that is the one that makes all sockets. Ambient capabilities are not
 * raised: programs we might start need none. Afterwards every thread is looked at, and one that has kept more than it
 * should is an error. (libuv's io_uring, whose helper threads once kept root's rights, is off since Node 20.11.1.)
 * @throws when anything is refused; the process may then have given up some rights already, and should end
 */
export function dropPrivileges(libc: Libc | undefined, user: User): void {
  if (user.uid === 0) throw new Error(`${user.name} is root by another name`)
  libc?.call('prctl', PR_SET_KEEPCAPS, 1, 0, 0, 0)
  process.setgroups?.([user.gid])
  process.setgid?.(user.gid)
  process.setuid?.(user.uid)
  if (libc !== undefined) keepOnly(libc, maskOf(KEPT))
  libc?.call('prctl', PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
  for (const thread of readdirSync('/proc/self/task')) verify(thread, user, libc === undefined ? 0n : maskOf(KEPT))
}

/** struct __user_cap_header_struct, and two of __user_cap_data_struct: effective, permitted, inheritable. */
function keepOnly(libc: Libc, mask: bigint): void {
  const low = Number(mask & 0xffff_ffffn)
  const high = Number(mask >> 32n)
  libc.call('capset', Uint32Array.of(CAPABILITY_VERSION_3, 0), Uint32Array.of(low, low, 0, high, high, 0))
}

function verify(thread: string, user: User, allowed: bigint): void {
  const rights = parseRights(readFileSync(`/proc/self/task/${thread}/status`, 'latin1'))
  const mayKeep = Number(thread) === process.pid ? allowed : 0n
  const isOther = rights.uids.some((uid) => uid !== user.uid) || rights.gids.some((gid) => gid !== user.gid)
  if (isOther || ((rights.permitted | rights.effective) & ~mayKeep) !== 0n) {
    throw new Error(`thread ${thread} has kept rights it should have lost`)
  }
}
