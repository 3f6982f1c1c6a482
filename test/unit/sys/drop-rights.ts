import { readFileSync } from 'node:fs'
import { IpAddress, Logger } from '../../../src/base/index.ts'
import { dropPrivileges, findUser, hasCapability, Libc, Listening, type User } from '../../../src/sys/index.ts'

/** Run as root in a process of its own: gives up root and prints what is left. */
const log = new Logger('debug', console.error)
const libc = process.argv[2] === 'plain' ? undefined : Libc.load(log)
dropPrivileges(libc, findUser(readFileSync('/etc/passwd', 'utf8'), 'nobody') as User)

const attempt = async (what: () => unknown): Promise<string> => {
  try {
    await what()
    return 'done'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}
const lowPort = { address: IpAddress.parse('127.0.0.1') as IpAddress, port: 3, onlyLoopback: true }
const report = {
  uid: process.getuid?.(),
  canBind: hasCapability('NET_BIND_SERVICE'),
  canRaw: hasCapability('NET_RAW'),
  canAdmin: hasCapability('NET_ADMIN'),
  lowPort: await attempt(async () => (await new Listening(libc, log).udp(lowPort))[Symbol.asyncDispose]()),
  rootAgain: await attempt(() => process.setuid?.(0)),
  shadow: await attempt(() => readFileSync('/etc/shadow')),
}
console.log(JSON.stringify(report))
