import type { ClientIdentity, QueryClient } from '../resolve/index.ts'
import { ClientProcesses } from '../sys/index.ts'

/** Tells whose socket a client of the stub asks from, where that is on this machine. */
export function clientProcesses(): (client: QueryClient) => ClientIdentity | undefined {
  const owners = new ClientProcesses()
  return ({ door, address, port = 0 }) => {
    if (address === undefined || (door !== 'udp' && door !== 'tcp')) return undefined
    const owner = owners.find(address, port, door)
    return owner && { uid: owner.uid, pid: owner.process?.pid, process: owner.process?.name }
  }
}
