export const ARCHITECTURES = ['amd64', 'arm64'] as const
export type Architecture = (typeof ARCHITECTURES)[number]

/** What Node, the C compiler and Debian call the same machine. */
export const MACHINES = {
  amd64: { node: 'x64', triplet: 'x86_64-linux-gnu' },
  arm64: { node: 'arm64', triplet: 'aarch64-linux-gnu' },
} as const satisfies Record<Architecture, object>

/** Whoever builds the package answers for it: $DEBFULLNAME and $DEBEMAIL, as for Debian's own tools. */
export const MAINTAINER = `${process.env['DEBFULLNAME'] ?? 'tsresolved maintainers'} <${process.env['DEBEMAIL'] ?? 'maintainers@tsresolved.invalid'}>`

/** Files an administrator may change. */
export const CONFFILES = ['/etc/systemd/resolved.conf', '/etc/tsresolved.conf']

/**
 * The control file. Others depend on systemd-resolved or resolvconf without a version, which ours can provide; libnss-resolve
 * is asked for in the version of systemd, which it cannot honestly be, so nothing is said of it but that both cannot be there.
 */
export function controlText(version: string, architecture: Architecture, kibibytes: number, glibc: string): string {
  const names = 'systemd-resolved, libnss-resolve, resolvconf'
  return `Package: tsresolved
Version: ${version}
Architecture: ${architecture}
Maintainer: ${MAINTAINER}
Installed-Size: ${kibibytes}
Depends: libc6 (>= ${glibc}), libgcc-s1, libstdc++6, init-system-helpers (>= 1.54), debconf (>= 0.5) | debconf-2.0, systemd | systemd-standalone-sysusers | systemd-sysusers
Recommends: default-dbus-system-bus | dbus-system-bus
Suggests: polkitd
Provides: ${names}
Conflicts: ${names}
Replaces: ${names}
Section: net
Priority: optional
Description: per-link caching DNS stub resolver
 Answers DNS questions of the programs on this machine, on 127.0.0.53, on the
 system bus as org.freedesktop.resolve1, by varlink and through the C library.
 Each network link has its own servers, domains and cache: a name is asked on
 the link it belongs to, and on no other.
 .
 It takes the place of systemd-resolved: NetworkManager, systemd-networkd, VPN
 clients and resolvectl work with it unchanged.
 .
 The Node.js runtime it needs is inside.
`
}
