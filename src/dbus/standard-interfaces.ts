import type { InterfaceDescription } from './description.ts'

/** What the bus itself offers, as far as it is used here (D-Bus specification, "Message Bus Messages"). */
export const BUS = {
  name: 'org.freedesktop.DBus',
  methods: {
    Hello: { in: '', out: 's unique_name' },
    AddMatch: { in: 's rule', out: '' },
    RequestName: { in: 's name, u flags', out: 'u result' },
    NameHasOwner: { in: 's name', out: 'b has_owner' },
    GetId: { in: '', out: 's id' },
    GetConnectionUnixUser: { in: 's name', out: 'u uid' },
    GetConnectionUnixProcessID: { in: 's name', out: 'u pid' },
    GetConnectionCredentials: { in: 's name', out: 'a{sv} credentials' },
  },
  properties: {},
} as const satisfies InterfaceDescription

export const PEER = {
  name: 'org.freedesktop.DBus.Peer',
  methods: { Ping: { in: '', out: '' }, GetMachineId: { in: '', out: 's machine_uuid' } },
  properties: {},
} as const satisfies InterfaceDescription

export const INTROSPECTABLE = {
  name: 'org.freedesktop.DBus.Introspectable',
  methods: { Introspect: { in: '', out: 's xml_data' } },
  properties: {},
} as const satisfies InterfaceDescription

export const PROPERTIES = {
  name: 'org.freedesktop.DBus.Properties',
  methods: {
    Get: { in: 's interface_name, s property_name', out: 'v value' },
    GetAll: { in: 's interface_name', out: 'a{sv} props' },
    Set: { in: 's interface_name, s property_name, v value', out: '' },
  },
  properties: {},
} as const satisfies InterfaceDescription
