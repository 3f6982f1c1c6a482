import { accessSync } from 'node:fs'
import { DEFAULT_ADDRESS, socketPaths } from '../../dbus/index.ts'
import type { BusClient } from './bus-client.ts'
import { BusUnreachable } from './bus-errors.ts'
import { errnoText } from './errno-text.ts'

/**
 * The system bus, or that of DBUS_SYSTEM_BUS_ADDRESS, at the first socket that works. What speaks with a bus is
 * loaded only where one is found. @throws {BusUnreachable}
 */
export async function connectToBus(): Promise<BusClient> {
  const address = process.env.DBUS_SYSTEM_BUS_ADDRESS ?? DEFAULT_ADDRESS
  let problem: unknown = new Error(`no unix socket in the address '${address}'`)
  for (const path of socketPaths(address)) {
    try {
      if (!path.startsWith('\0')) accessSync(path)
      const { BusClient } = await import('./bus-client.ts')
      return await BusClient.connect(path)
    } catch (error) {
      problem = error
    }
  }
  throw new BusUnreachable(`Failed to connect to the system bus: ${errnoText(problem)}`, { cause: problem })
}
