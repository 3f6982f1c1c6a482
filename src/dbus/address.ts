/** The name of the resolver on the bus. */
export const RESOLVE1 = 'org.freedesktop.resolve1'

/** Where the system bus is unless DBUS_SYSTEM_BUS_ADDRESS says otherwise (D-Bus specification, "Well-known Message Bus Instances"). */
export const DEFAULT_ADDRESS = 'unix:path=/run/dbus/system_bus_socket'

/**
 * The sockets a D-Bus address names, in order of preference, as `net.connect` takes their paths: an abstract one starts
 * with a NUL. Other transports than `unix:` are left out; nothing usable gives an empty list.
 */
export function socketPaths(address: string): string[] {
  return address.split(';').flatMap((entry) => {
    const [, transport, rest] = /^([^:]*):(.*)$/s.exec(entry) ?? []
    if (transport !== 'unix' || rest === undefined) return []
    const pairs = new Map(rest.split(',').map((pair) => splitPair(pair)))
    const path = pairs.get('path')
    if (path !== undefined) return [path]
    const abstract = pairs.get('abstract')
    return abstract === undefined ? [] : [`\0${abstract}`]
  })
}

/** `key=value`; a value is empty where there is no `=`. */
function splitPair(pair: string): [string, string] {
  const at = pair.indexOf('=')
  return at < 0 ? [pair, ''] : [pair.slice(0, at), unescapeValue(pair.slice(at + 1))]
}

/** D-Bus specification, "Server Addresses": `%xx` stands for a byte. */
function unescapeValue(value: string): string {
  const bytes = value.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}
