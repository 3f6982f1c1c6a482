import type { Interface } from './idl.ts'
import { bool, int, list, method, optional, string, struct } from './idl.ts'

/** `source`: bus, varlink, networkd, or restored for what a daemon that kept no owners had saved. */
const Origin = struct('Origin', {
  ifindex: int,
  ifname: string,
  setting: string,
  source: string,
  busName: optional(string),
  uid: optional(int),
  process: optional(string),
  changedUSec: optional(int),
})

const methods = {
  ListOrigins: method(
    'Who set what on links, and when; settings that nobody set are left out. With ifindex, of that link only.',
    { ifindex: optional(int) },
    { origins: list(Origin) },
  ),
  UnsetDefaultRoute: method(
    'Takes back what was set, so that the domains of the link decide again: resolve1 can clear every setting but this.',
    { ifindex: int, allowInteractiveAuthentication: optional(bool) },
    {},
  ),
}

/** `io.tsresolved.Settings`: what resolve1 has no member for. */
export const SETTINGS_INTERFACE: Interface<typeof methods> = {
  name: 'io.tsresolved.Settings',
  comment: 'Tells who configured links. Settings are named as in org.freedesktop.resolve1.Link; times are wall clock.',
  types: [Origin],
  methods,
  errors: {},
}
