/**
 * Every package whose code runs on a user's machine, or that npm installs for one that does: an addition is a decision.
 * What it is for; its licence; whether it has an install script, which `.npmrc` never runs.
 */
export const SHIPPED: Readonly<Record<string, readonly [purpose: string, licence: string, script?: string]>> = {
  koffi: [
    'calls of libc that Node does not offer',
    'MIT',
    'compiles where there is no library for the machine: there is',
  ],
  '@koromix/koffi-linux-x64': ['its library', 'MIT'],
  '@koromix/koffi-linux-arm64': ['its library', 'MIT'],
  netlink: [
    'links, addresses and routes of the kernel',
    'MIT',
    'compiles where there is no library for the machine: there is',
  ],
  'node-gyp-build': ['finds the library of netlink where it runs from its sources', 'MIT'],
  'node-addon-api': ['for compiling netlink: `overrides` puts node-gyp-build in its place', 'MIT'],
  '@types/node': ['types, which netlink asks for', 'MIT'],
  'undici-types': ['types, which @types/node asks for', 'MIT'],
  'ansi-escapes': ['in our files: control sequences of terminals', 'MIT'],
  environment: ['in our files: what ansi-escapes asks', 'MIT'],
  'ipaddr.js': ['in our files: texts of addresses', 'MIT'],
  'lru-cache': ['in our files: bounds of caches', 'BlueOak-1.0.0'],
}
