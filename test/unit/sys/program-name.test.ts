import { expect, test } from 'vitest'
import { programName } from '../../../src/sys/program-name.ts'

test.each([
  ['openvpn\n', '/usr/sbin/openvpn\0--config\0x\0', 'openvpn'],
  ['node\n', 'node\0/usr/lib/vpn/client.js\0up\0', 'client.js'],
  ['MainThread\n', '/usr/bin/node\0--enable-source-maps\0/usr/bin/vpnctl\0', 'vpnctl'],
  ['python3.11\n', '/usr/bin/python3\0-u\0/usr/bin/tailscale-dns\0', 'tailscale-dns'],
  ['sh\n', '/bin/sh\0/etc/openvpn/update-resolv-conf\0tun0\0', 'update-resolv-conf'],
  ['sh\n', 'sh\0-c\0resolvectl dns vpn 10.0.0.1\0', 'sh'],
  ['python3\n', 'python3\0-m\0http.server\0', 'python3'],
  ['bash\n', '-bash\0', 'bash'],
  ['node\n', '', 'node'],
  ['tsresolvectl\n', 'tsresolvectl\0', 'tsresolvectl'],
  ['ev\u001bil', 'x', 'ev?il'],
])('the program that the user ran, not its interpreter: %j', (comm, cmdline, name) => {
  expect(programName(comm, cmdline)).toBe(name)
})

test('a long name is cut', () => {
  expect(programName('node', `node\0/${'x'.repeat(5000)}\0`)).toHaveLength(64)
})
