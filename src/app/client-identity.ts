import type { ClientIdentity, QueryClient } from '../resolve/index.ts'
import { ClientProcesses } from '../sys/index.ts'

/** Tells whose socket a client of the stub asks from, where that is on this machine. */
export function clientProcesses(): (client: QueryClient) => ClientIdentity | undefined {
  const owners = new ClientProcesses()
  return ({ via, address, port = 0 }) => {
    if (address === undefined || (via !== 'udp' && via !== 'tcp')) return undefined
    const owner = owners.find(address, port, via)
    return owner && { uid: owner.uid, pid: owner.process?.pid, process: owner.process?.name }
  }
}
