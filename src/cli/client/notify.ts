import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/**
 * Tells a service manager, when there is one, that the subscription has begun (C-M-1). Node has no datagram sockets of the
 * Unix family, so systemd's own tool says it; a machine without it has no one to listen either.
 */
export async function notifyReady(): Promise<void> {
  if ((process.env.NOTIFY_SOCKET ?? '') === '') return
  await promisify(execFile)('systemd-notify', ['--ready', `--pid=${process.pid}`])
}
