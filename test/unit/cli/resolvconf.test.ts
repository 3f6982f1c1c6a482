import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import { parseResolvconf } from '../../../src/cli/resolvconf/arguments.ts'
import type { BusClient } from '../../../src/cli/client/bus-client.ts'
import type { Context } from '../../../src/cli/command/context.ts'
import { DEFAULT_OPTIONS } from '../../../src/cli/command/options.ts'
import { ResolvconfRecords } from '../../../src/cli/resolvconf/records.ts'
import { runResolvconf } from '../../../src/cli/resolvconf/resolvconf.ts'
import { interfaceCandidates, parseResolvconfText } from '../../../src/cli/resolvconf/text.ts'

const parse = (line: string, env: NodeJS.ProcessEnv = {}) => parseResolvconf(line.split(' '), env)

describe('resolvconf arguments', () => {
  // biome-ignore format: a table reads better in rows
  const accepted: readonly (readonly [line: string, env: NodeJS.ProcessEnv, call: object])[] = [
    ['-a w2', {}, { action: 'add', interface: 'w2', mode: undefined, force: false }],
    ['-a w2 -m 0 -x', {}, { action: 'add', interface: 'w2', mode: 'exclusive' }],
    ['-m0 -a w2', {}, { action: 'add', interface: 'w2' }],
    ['-d w2 -f', {}, { action: 'delete', interface: 'w2', force: true }],
    ['-df w2', {}, { action: 'delete', interface: 'w2', force: true }],
    ['-a -d w2', {}, { action: 'delete' }],
    ['-x -p -a w2', {}, { mode: 'private' }],
    ['-p -x -a w2', {}, { mode: 'exclusive' }],
    ['-a w2', { IF_EXCLUSIVE: '1' }, { mode: 'exclusive' }],
    ['-a w2', { IF_EXCLUSIVE: '1', IF_PRIVATE: '1' }, { mode: 'private' }],
    ['-a w2 -x', { IF_PRIVATE: '1' }, { mode: 'exclusive' }],
    ['-a w2 -u', {}, { action: 'update' }],
    ['-h', {}, { action: 'help' }],
    ['--version', {}, { action: 'version' }],
  ]
  it.each(accepted)('%s %j', (line, env, call) => expect(parse(line, env)).toMatchObject(call))

  it.each([
    ['w2', 'Expected either -a or -d on the command line.'],
    ['-a', 'Expected interface name as argument.'],
    ['-a w1 w2', 'Expected interface name as argument.'],
    ['-l w2', 'Switch -l not supported.'],
    ['-aI w2', 'Switch -I not supported.'],
    ['--enable-updates', 'Switch --enable-updates not supported.'],
    ['-Z', "resolvconf: invalid option -- 'Z'"],
    ['-a w2 -m', "resolvconf: option requires an argument -- 'm'"],
  ])('refuses %s', (line, message) => expect(() => parse(line)).toThrow(message))
})

describe('resolvconf input', () => {
  it('C-RC-2: servers, domains and searches; everything else is passed over', () => {
    const text =
      '# c\n; c\n\n  nameserver 192.0.2.1 192.0.2.2  \nnameserver\tfd00::1\ndomain a.test\nsearch "b c" d\\ e\noptions x\nnameservers x\n'
    expect(parseResolvconfText(text)).toEqual({
      servers: ['192.0.2.1', '192.0.2.2', 'fd00::1'],
      domains: ['a.test', 'b c', 'd e'],
    })
  })

  it('C-RC-3: an open quote is an error', () => {
    expect(() => parseResolvconfText('search "a b\n')).toThrow('a quote is not closed')
  })

  it('C-RC-1: the longest name first', () => {
    expect(interfaceCandidates('eth0.100.dhcp')).toEqual(['eth0.100.dhcp', 'eth0.100', 'eth0'])
    expect(interfaceCandidates('eth0')).toEqual(['eth0'])
    expect(interfaceCandidates('.x')).toEqual(['.x'])
    expect(interfaceCandidates('tun.wg0')).toEqual(['tun.wg0', 'tun', 'wg0'])
  })
})

describe('a record per INTERFACE.PROTOCOL', () => {
  const directory = mkdtempSync(join(tmpdir(), 'resolvconf-'))
  const links = [
    { ifindex: 2, ifname: 'eth0' },
    { ifindex: 3, ifname: 'wg0' },
  ]
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true })
    links[0]!.ifindex = 2
  })

  /** What the daemon was told, in short. */
  async function told(line: string, input = ''): Promise<string[]> {
    const calls: string[] = []
    const bus = {
      async call(_description: unknown, member: string, [ifindex, value]: readonly [number, unknown]) {
        const servers = () => (value as [number, Buffer][]).map(([, bytes]) => [...bytes].join('.')).join()
        const domains = () =>
          (value as [string, boolean][]).map(([name, routes]) => `${routes ? '~' : ''}${name}`).join()
        const shown = member === 'SetLinkDNSEx' ? servers() : member === 'SetLinkDomains' ? domains() : ''
        calls.push(`${member} ${ifindex} ${shown}`.trimEnd())
        return []
      },
    }
    const host = {
      all: () => links,
      find: (text: string) => links.find(({ ifname, ifindex }) => text === ifname || text === String(ifindex))!,
      nameOf: String,
    }
    const context = { links: host, screen: { note: () => undefined }, options: DEFAULT_OPTIONS, ifindex: 0 }
    const call = parse(line) as Parameters<typeof runResolvconf>[0]
    const whole = { ...context, bus: async () => bus as unknown as BusClient } as unknown as Context
    await runResolvconf(call, Readable.from([Buffer.from(input)]), whole, new ResolvconfRecords(directory))
    return calls
  }

  it('resolvconf -d IF.ipv4ll wiped what IF.dhcp had registered', async () => {
    expect(await told('-a eth0.dhcp', 'nameserver 192.0.2.1\nsearch a.test')).toEqual([
      'SetLinkDNSEx 2 192.0.2.1',
      'SetLinkDomains 2 a.test',
    ])
    expect(await told('-a eth0.ra', 'nameserver 192.0.2.2\nsearch b.test')).toEqual([
      'SetLinkDNSEx 2 192.0.2.1,192.0.2.2',
      'SetLinkDomains 2 a.test,b.test',
    ])
    expect(await told('-d eth0.ipv4ll')).toEqual([
      'SetLinkDNSEx 2 192.0.2.1,192.0.2.2',
      'SetLinkDomains 2 a.test,b.test',
    ])
    expect(await told('-d eth0.dhcp')).toEqual(['SetLinkDNSEx 2 192.0.2.2', 'SetLinkDomains 2 b.test'])
    expect(await told('-d eth0.ra')).toEqual(['RevertLink 2'])
  })

  it('resolvconf -a tun.wg0 failed: "No such device"', async () => {
    expect(await told('-a tun.wg0 -m 0 -x', 'nameserver 192.0.2.3')).toEqual([
      'SetLinkDNSEx 3 192.0.2.3',
      'SetLinkDomains 3 ~.',
    ])
    expect(await told('-d tun.wg0 -f')).toEqual(['RevertLink 3'])
  })

  it('what an earlier link of the same name had is forgotten', async () => {
    await told('-a eth0.dhcp', 'nameserver 192.0.2.1')
    links[0]!.ifindex = 7
    expect(await told('-a eth0.ra', 'nameserver 192.0.2.2')).toContain('SetLinkDNSEx 7 192.0.2.2')
  })

  it('a name leads nowhere else', () => {
    const records = new ResolvconfRecords(directory)
    for (const name of ['..', '.', '../x', '', 'x'.repeat(300)]) {
      records.put(name, { ifindex: 2, servers: [], domains: [] })
      records.remove(name)
    }
    expect(records.of({ ifindex: 2 })).toEqual([])
  })
})
