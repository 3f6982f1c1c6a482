import { expect, test } from 'vitest'
import { debianExtra } from './kit/debian.ts'
import { Lab, original } from './kit/lab.ts'
import { OPTIONS } from '../../src/cli/command/options.ts'
import { VERBS } from '../../src/cli/command/verbs.ts'

const verbs = [...VERBS.map(({ name }) => name), 'help']
const links = ['lo', 'br-lan', 'vpn']
const longs = OPTIONS.flatMap(({ long }) => (long === undefined ? [] : [`--${long}`]))
const startingWith = (start: string, words: readonly string[]) => words.filter((word) => word.startsWith(start))

/** A command line, the cursor at its end, and all that may stand there. Each shell must offer just that. */
// biome-ignore format: a table reads better in rows
const LINES: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ['', verbs],
  ['sta', ['status', 'statistics']],
  ['show-', ['show-cache', 'show-server-state']],
  ['wh', ['why']],
  ['-4 sho', ['show-cache', 'show-server-state']],
  ['-i vpn sta', ['status', 'statistics']],
  ['--interface vpn sta', ['status', 'statistics']],
  ['--interface=vpn sta', ['status', 'statistics']],
  ['--json=short sta', ['status', 'statistics']],
  ['--json short -t MX -4 dnsse', ['dnssec']],
  ['--raw sta', ['status', 'statistics']],
  ['--', longs],
  ['--no-', startingWith('--no-', longs)],
  ['dns --no-a', ['--no-ask', '--no-ask-password']],
  ['dns vpn --no-pa', ['--no-pager']],
  ['dns ', links],
  ['dns br', ['br-lan']],
  ['dns vpn ', []],
  ['-i vpn dns ', links],
  ['status lo v', ['vpn']],
  ['status ', links],
  ['revert v', ['vpn']],
  ['-i v', ['vpn']],
  ['-i ', links],
  ['--interface ', links],
  ['dns -i v', ['vpn']],
  ['default-route vpn ', ['yes', 'no', 'auto']],
  ['llmnr vpn ', ['yes', 'no', 'resolve']],
  ['dnssec vpn a', ['allow-downgrade']],
  ['--no-pager dnsovertls vpn o', ['opportunistic']],
  ['dnssec vpn yes ', []],
  ['log-level ', ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug']],
  ['log-level de', ['debug']],
  ['completion ', ['bash', 'zsh', 'fish']],
  ['tlsa ', ['tcp', 'udp', 'sctp']],
  ['query -t SS', ['SSHFP']],
  ['query --type TLS', ['TLSA']],
  ['query -t A -c ', ['IN', 'ANY', 'help']],
  ['query -p mdns', ['mdns', 'mdns-ipv4', 'mdns-ipv6']],
  ['query --json ', ['pretty', 'short', 'off']],
  ['query --legend ', ['yes', 'no']],
  ['query --raw ', []],
  ['monitor --outcome nx', ['nxdomain', 'nxrrset']],
  ['monitor ', []],
  ['browse _i', ['_ipp._tcp']],
  ['query -- --', []],
]

/** With `=`: some shells name the value alone, some with its option. */
// biome-ignore format: a table reads better in rows
const ASSIGNED: readonly (readonly [line: string, option: string, offered: readonly string[]])[] = [
  ['query --json=', '--json=', ['pretty', 'short', 'off']],
  ['--json=p', '--json=', ['pretty']],
  ['query --type=SS', '--type=', ['SSHFP']],
  ['--interface=v', '--interface=', ['vpn']],
  ['query --cname=', '--cname=', ['yes', 'no']],
  ['query --raw=', '--raw=', ['payload', 'packet']],
  ['monitor --outcome=ser', '--outcome=', ['servfail']],
]

/**
 * Types each line into a shell on a terminal, with the key that replaces the word at the cursor by all its completions,
 * and lets the command, which is a function, say what it was given: what comes after the words typed before are those.
 */
const TYPIST = String.raw`
import fcntl, json, os, pty, re, select, struct, sys, termios, time
argv, key, begin, lines = json.load(sys.stdin)
pid, fd = pty.fork()
if pid == 0: os.execvp(argv[0], argv)
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 50, 4000, 0, 0))
seen = b''
def until(mark):
    global seen
    end = time.monotonic() + 60
    while mark not in seen:
        if time.monotonic() > end or not select.select([fd], [], [], 60)[0]: sys.exit(f'waited for {mark}: {seen[-2000:]}')
        seen += os.read(fd, 65536)
    before, _, seen = seen.partition(mark)
    return before.decode()
def typed(text): os.write(fd, text.encode())
until(b'READY>')
for line in begin:
    typed(line + '\n')
    until(b'READY>')
said = []
for line in lines:
    typed('tsresolvectl ' + line + key)
    typed('\n')
    until(b'GIVEN<')
    said.append(until(b'>NEVIG').split('\x01')[:-1])
    until(b'READY>')
print(json.dumps(said))
`

interface Shell {
  readonly argv: readonly string[]
  /** What the key is that puts in all completions. */
  readonly key: string
  readonly begin: readonly string[]
}

const FUNCTION = `tsresolvectl() { printf 'GIVEN%s' '<'; for w in "$@"; do printf '%s\\001' "$w"; done; printf '>%s\\n' NEVIG; }`
const SOURCE = 'source /tmp/completion'

async function offeredBy({ argv, key, begin }: Shell, lab: Lab, lines: readonly string[]): Promise<string[][]> {
  const input = JSON.stringify([argv, key, begin, lines])
  const said = JSON.parse(await lab.run(['python3', '-c', TYPIST], { input })) as string[][]
  return said.map((words, i) => {
    const before = (lines[i] ?? '').replace(/\S*$/, '').split(' ').filter(Boolean)
    const asked = /\S*$/.exec(lines[i] ?? '')?.[0] ?? ''
    expect(words.slice(0, before.length), `before ${lines[i]}`).toEqual(before)
    const offered = words.slice(before.length)
    if (offered.length === 1 && offered[0] === asked) return []
    // Where there is no word to offer, zsh offers the options unasked.
    return asked === '' ? offered.filter((word) => !word.startsWith('-')) : offered
  })
}

async function machine(shell: string): Promise<Lab> {
  const lab = await Lab.open({ links: { 'br-lan': { zone: {} }, vpn: { zone: {} } }, start: false })
  await lab.write('/tmp/completion', await lab.tsresolvectl('completion', shell))
  return lab
}

const ALL = [...LINES, ...ASSIGNED].map(([line]) => line)
const WANTED = [...LINES, ...ASSIGNED.map(([line, , offered]) => [line, offered] as const)].map(told)

function told([line, offered]: readonly [line: string, offered: readonly string[]]): string {
  return `${line} → ${[...offered].toSorted().join(' ')}`
}

/** All that was offered, the values of options without these. */
function tellAll(said: readonly (readonly string[])[]): string[] {
  const options = new Map(ASSIGNED.map(([line, option]) => [line, option]))
  return ALL.map((line, i) => told([line, (said[i] ?? []).map((word) => word.replace(options.get(line) ?? '', ''))]))
}

test.skipIf(original)('bash completes verbs, options, links, types and other values', async () => {
  await using lab = await machine('bash')
  const argv = ['env', 'TERM=dumb', 'PS1=READY>', 'bash', '--norc', '--noprofile', '-i']
  const begin = [`bind 'set enable-bracketed-paste off'`, FUNCTION, SOURCE]
  expect(tellAll(await offeredBy({ argv, key: '\u001b*', begin }, lab, ALL))).toEqual(WANTED)
})

test.skipIf(original)('zsh completes verbs, options, links, types and other values', async () => {
  const zsh = await debianExtra('shells')
  await using lab = await machine('zsh')
  const argv = ['env', 'TERM=dumb', 'PS1=READY>', `${zsh}/bin/zsh`, '-f', '-i']
  const shell = { argv, key: '\u0014' }
  expect(tellAll(await offeredBy({ ...shell, begin: [...zshBegin(zsh), SOURCE] }, lab, ALL))).toEqual(WANTED)
  await lab.write('/tmp/site/_tsresolvectl', await lab.tsresolvectl('completion', 'zsh'))
  expect(await offeredBy({ ...shell, begin: zshBegin(zsh) }, lab, ['log-l', 'log-level d'])).toEqual([
    ['log-level'],
    ['debug'],
  ])
})

/** Up to where a user's own file would go on. */
function zshBegin(zsh: string): string[] {
  return [
    `module_path=(${zsh}/usr/lib/*/zsh/*)`,
    `fpath=(/tmp/site(N) ${zsh}/usr/share/zsh/functions/**/*(/))`,
    'autoload -U compinit; compinit -u -D',
    'zle -C all complete-word _generic; bindkey "^T" all',
    `zstyle ':completion:*' completer _all_matches _complete; zstyle ':completion:*' insert yes; zstyle ':completion:*' insert-tab no`,
    FUNCTION,
  ]
}

test.skipIf(original)('fish completes verbs, options, links, types and other values', async () => {
  const extra = await debianExtra('shells')
  await using lab = await machine('fish')
  const env = ['HOME=/tmp', `LD_LIBRARY_PATH=${await libraries(extra, lab)}`, `FISH=${extra}/usr/share/fish/functions`]
  const said: string[][] = []
  for (const line of ALL) {
    const ask = `set -p fish_function_path $FISH; ${SOURCE}; complete -C ${JSON.stringify(`tsresolvectl ${line}`)}`
    const text = await lab.run(['env', ...env, `${extra}/usr/bin/fish`, '--no-config', '-c', ask])
    const rows = text.split('\n').map((row) => (row.split('\t')[0] as string).replace(/^--raw=$/, '--raw'))
    said.push([...new Set(rows.filter(Boolean))])
  }
  expect(tellAll(said)).toEqual(WANTED)
})

/** The folder that carries the architecture's name. */
async function libraries(extra: string, lab: Lab): Promise<string> {
  return (await lab.run(['sh', '-c', `echo ${extra}/usr/lib/*-linux-gnu`])).trim()
}
