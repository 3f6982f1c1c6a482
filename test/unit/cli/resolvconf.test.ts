import { describe, expect, it } from 'vitest'
import { parseResolvconf } from '../../../src/cli/resolvconf/arguments.ts'
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
  })
})
