import { lchownSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Logger, reasonOf } from '../base/index.ts'
import { isMissing } from '../files/index.ts'
import { loadNetlink } from '../netlink/index.ts'
import { type Options, STANDARD_DIRECTORY } from './options.ts'
import { dropPrivileges, findUser, type Libc, type User } from '../sys/index.ts'

/** Whose name the bus policy knows, here as for systemd-resolved. */
const USUAL_USER = 'systemd-resolve'

/**
 * Started as root: gives the runtime directory to an unprivileged user and becomes that user for good, with no more
 * rights than port 53 and links need (R-PROC-4). Does nothing for anybody else, and with `--user root`.
 * @param mayGive whether the directory is known to be ours; else it is given away only when it did not exist
 * @throws when the user asked for does not exist, or root cannot be left
 */
export function leaveRoot(options: Options, mayGive: boolean, libc: Libc | undefined, logger: Logger) {
  if (process.getuid?.() !== 0) return
  const user = findUser(readFileSync('/etc/passwd', 'utf8'), options.user ?? USUAL_USER)
  if (user === undefined && options.user !== undefined) throw new Error(`--user: there is no user '${options.user}'`)
  if (user?.uid === 0) return
  if (user === undefined) return logger.notice(`There is no user ${USUAL_USER} to run as: going on as root.`)
  loadNetlink() // the package may be where only root can read
  giveTo(user, options.runtimeDirectory, mayGive || options.runtimeDirectory === STANDARD_DIRECTORY)
  try {
    dropPrivileges(libc, user)
  } catch (error) {
    throw new Error(`Cannot become ${user.name}: ${reasonOf(error)}. To stay root, add --user root.`, { cause: error })
  }
  logger.info(`Running as ${user.name} from here on.`)
}

/**
 * However an earlier run left it. The saved settings in it are read and replaced by their directory's owner. Links, which
 * that user could have put there, are not followed.
 */
function giveTo({ uid, gid }: User, directory: string, isOurs: boolean): void {
  const isNew = mkdirSync(directory, { recursive: true, mode: 0o755 }) !== undefined
  if (!isNew && !isOurs) return // it may be somebody's
  lchownSync(directory, uid, gid)
  try {
    lchownSync(join(directory, 'netif'), uid, gid)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}
