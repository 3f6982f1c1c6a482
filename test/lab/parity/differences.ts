import { findVerb } from '../../../src/cli/command/verbs.ts'

/** What a client said, and how it ended. */
export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * A difference that is meant: to which commands it applies, and what the original's words, of release 252, are turned
 * into by it. Whatever is left after that is a fault. Rules are those of resolvectl.md; numbers are releases.
 */
export interface Difference {
  readonly why: string
  readonly commands: RegExp
  readonly apply: (theirs: Said, command: string, ours: Said) => Said
}

const ANY = /^/
const CANNOT = 'Cannot dump RR: Invalid argument\n'
const KEY_WARNING = `WARNING: The records shown hold cryptographic keys, but could not be
         authenticated. Do not use them to authenticate anything.
         Usually DNSSEC is not enabled, or not available for the protocol
         or the DNS servers in use.
`
const WWW = `www.test IN A 192.0.2.1                                     -- link: lan

-- Information acquired via protocol DNS in TIME.
-- Data is authenticated: no; Data was acquired via local or encrypted transport: no
-- Data from: cache
`

// biome-ignore format: a table reads better in rows
export const DIFFERENCES: readonly Difference[] = [
  // What releases after 252 do
  { why: '3.8: a name that does not exist is told in the common format (262)', commands: /query|-resolve /, apply: stderr(/^((?!.*resolve call failed).*): (Name '.*' not found)$/gm, '$1: resolve call failed: $2') },
  { why: 'C-Q-3: a link-local address is shown with the name of its link, not the index', commands: /query/, apply: (theirs) => ({ ...theirs, stdout: theirs.stdout.replace(/(fe80:\S*%)2 {2}/, '$1lan'), stderr: theirs.stderr.replace('fe80::1%2:', 'fe80::1%lan:') }) },
  { why: 'C-S-3: labels of links fill a column of 19, and there is a row Default Route', commands: /^$|status/, apply: newerStatus },
  { why: 'C-P-3: 252 shows the whole global block before default routes', commands: /default-route$/, apply: stdout(/^Global\n(?:.*\n)*?(?=Link)/, '') },
  { why: 'C-SET-7: the warning about a weaker global setting', commands: /^llmnr lan (?:yes|resolve)$/, apply: (theirs, command) => ({ ...theirs, stderr: weaker('LLMNR', command) }) },
  { why: 'C-SET-7: the warning about a weaker global setting, of mDNS', commands: /^mdns lan on$/, apply: (theirs, command) => ({ ...theirs, stderr: weaker('MulticastDNS', command) }) },
  { why: '6: counters of failures, which only varlink has (255)', commands: /statistics$/, apply: newerStatistics },
  { why: 'C-RC-6: -p takes the default route away (257)', commands: /^default-route 2$/, apply: stdout(': yes', ': no') },
  { why: 'a record per protocol, all of them in force, as openresolv keeps them', commands: /^--legend=yes dns lan$/, apply: stdout(/\(lan\):(.*)$/m, (line) => `${line} 10.53.1.1 10.53.1.2`) },
  { why: 'C-RC-5: without domains, earlier ones are forgotten (257)', commands: /^domain 2$/, apply: stdout(/: quoted.*/, ':') },
  { why: 'C-Q-7: TXT escapes backslashes', commands: /TXT esc\.test/, apply: stdout('"a\\b" ', '"a\\\\b"') },
  { why: '3.3: HTTPS in words', commands: /-t HTTPS/, apply: stdout(/\\# 18 0{3}1\w+ /, '1 . alpn="h2" ipv4hint=192.0.2.1        ') },
  { why: '3.3: SVCB in words', commands: /-t SVCB/, apply: stdout(/\\# 18 0{3}1\w+ /, '1 svc.test port=443                       ') },
  { why: 'C-Q-7: SSHFP is explained (258)', commands: /-t SSHFP sshfp/, apply: stdout(/(aabbccdd) +--/, '$1\n        -- Algorithm: Ed25519\n        -- Fingerprint type: SHA-256 --') },
  { why: 'C-Q-14: payloads of addresses', commands: /--raw www\.test/, apply: (theirs) => (theirs.stderr === CANNOT ? { code: 0, stdout: ' c0 00 02 01\n', stderr: '' } : theirs) },
  { why: 'C-Q-14: what has no payload, and what has one', commands: /-t MX --raw /, apply: says(1, '', 'mx.test: cannot dump MX as payload; try --raw=packet\n') },
  { why: 'C-Q-13: --raw needs a type', commands: /^query --raw /, apply: says(1, '', '--raw requires --type=, or a dns: URI.\n') },
  { why: '3.1: --raw and --json exclude each other', commands: /--raw --json/, apply: says(1, '', '--raw and --json= cannot be used together.\n') },
  { why: '3.5: openpgp and tlsa ask for their own type only', commands: /^(?:tlsa|openpgp) -t A/, apply: (_, command) => ({ code: 1, stdout: '', stderr: command.startsWith('tlsa') ? 'tlsa asks for TLSA records: --type=A cannot be used with it.\n' : 'openpgp asks for OPENPGPKEY records: --type=A cannot be used with it.\n' }) },
  { why: '2: service without a name asks for no texts', commands: /^service _http/, apply: stdout(/^ +pa=\/\\"\n/m, '') },
  { why: '3.1: options that 252 does not have', commands: /--stale-data/, apply: newOption('www.test') },
  { why: '3.1: options that 252 does not have, of single labels', commands: /--relax-single/, apply: newOption('single') },
  { why: '3.1: --no-ask-password (257)', commands: /--no-ask-password/, apply: says(0, 'Global:\nLink 2 (lan): 10.53.1.1\n', '') },
  { why: '2: verbs that 252 does not have (254, 255)', commands: /^show-\S+ x$/, apply: (theirs) => ({ ...theirs, stderr: 'Too many arguments.\n' }) },
  // Where the original is wrong
  { why: 'columns are counted in characters, not in bytes', commands: /query bücher/, apply: (theirs) => ({ ...theirs, stdout: theirs.stdout.replace('   --', '    --').replace('              (', '             (') }) },
  { why: 'a domain is sent in its DNS form: as UTF-8 it would match nothing', commands: /^domain lan$/, apply: stdout('b\\195\\188cher', 'xn--bcher-kva') },
  { why: 'a link that does not exist is no host', commands: /%missing$/, apply: (theirs, command) => (command.startsWith('dns') ? theirs : { ...theirs, stderr: 'Failed to resolve interface "missing": No such device\n' }) },
  { why: 'type 0 is no type, and not none', commands: /TYPE0/, apply: says(1, '', 'www.test: resolve call failed: Specified resource record type 0 may not be used in a query.\n') },
  { why: 'without addresses there is no canonical name of a host', commands: /service-address=no/, apply: stdout(/^ +\(\)\n/m, '') },
  { why: 'RFC 3986 §3.1: schemes have no case', commands: /DNS:www/, apply: (theirs) => ({ ...theirs, code: 0, stdout: WWW, stderr: '' }) },
  { why: 'a family without a domain asks for nothing', commands: /^tlsa tcp$/, apply: says(1, '', 'Too few arguments.\n') },
  // Our own words
  { why: 'the warning about keys', commands: /TLSA|tlsa|SSHFP|CAA|DS|DNSKEY/, apply: stderr(/WARNING: The resources shown(?:.*\n)*/, KEY_WARNING) },
  { why: 'notes say what to ask for', commands: /-t A (?:single|bücher)/, apply: stderr(/^\(Note that.*$/m, (line) => line.includes('IDNA') ? "(Note that IDNA translation is not applied when --type= is specified: 'xn--bcher-kva.test' is what to ask for.)" : "(Note that search domains are not appended to 'single' when --type= is specified.)") },
  { why: 'one sentence for all that is wrong with a URI', commands: /^query dns:/, apply: (theirs, command) => ({ ...theirs, stderr: theirs.stderr.replace(/^(?:DNS type specified twice\.|Unknown DNS type.*)$/m, `Invalid DNS URI: ${command.split(' ')[1]}`).replace(/^DNS authority.*$/m, "dns://192.0.2.53/www.test: the server in the URI is not asked, the system's own resolver is.") }) },
  { why: 'errors say what to do next: usage', commands: /nosuch|-Z|--type$|-i$|-t$|--ser$|--legend$|=x dns$|--nope$/, apply: (theirs, command) => (command.startsWith('resolvconf') ? theirs : { ...theirs, stderr: `${theirs.stderr}See 'tsresolvectl --help'.\n` }) },
  { why: 'errors say what to do next: arguments', commands: ANY, apply: withUsage },
  { why: 'errors say what to do next: nobody there', commands: ANY, apply: stderr(/(^[^]*(?:(?:resolve1 was not|\.Monitor: No such)[^]*))/, "$1Try 'tsresolvectl doctor': it says what is wrong.\n") },
  { why: 'errors say what to do next: levels', commands: /^log-level noise/, apply: stderr(/^.*\n/, '"noise" is not a valid log level: say emerg, alert, crit, err, warning, notice, info, debug.\n') },
  { why: 'one name for one thing', commands: /^monitor$/, apply: stderr('query monitoring service ', '') },
  { why: 'our own version', commands: /--ver/, apply: stdout(/^[^]*$/, 'tsresolvectl 0.1.0\n') },
  { why: 'our own help', commands: /^resolvconf (?:-h)|^systemd-resolve --help|^(?:--help|-h|help)$/, apply: sameThings },
]

/** How the verb is meant to be called. */
function withUsage(theirs: Said, command: string): Said {
  if (!/^Too (?:few|many) arguments\.\n$/.test(theirs.stderr) || command === 'tlsa tcp') return theirs
  const name = command === 'systemd-resolve' ? 'query' : (command.split(' ')[0] ?? '')
  const usage = `${name} ${findVerb(name)?.usage}`.trimEnd()
  return { ...theirs, stderr: `${theirs.stderr}Usage: tsresolvectl ${usage}\n` }
}

type Replacement = string | ((...found: string[]) => string)

function stdout(pattern: RegExp | string, to: Replacement): Difference['apply'] {
  return (theirs) => ({ ...theirs, stdout: theirs.stdout.replace(pattern, to as string) })
}

function stderr(pattern: RegExp | string, to: Replacement): Difference['apply'] {
  return (theirs) => ({ ...theirs, stderr: theirs.stderr.replace(pattern, to as string) })
}

function says(code: number, out: string, err: string): Difference['apply'] {
  return () => ({ code, stdout: out, stderr: err })
}

function weaker(what: string, command: string): string {
  const mode = command.split(' ')[2]
  return `Setting ${what} support level "${mode}" for the link, but the global support level is "no".\n`
}

/** 252 does not know the option; the daemon of 252 does not know what it asks for. */
function newOption(name: string): Difference['apply'] {
  return (_theirs, _command, ours) => {
    const flags = `${name}: resolve call failed: Invalid flags parameter\n`
    const none = `${name}: resolve call failed: No appropriate name servers or networks for name found\n`
    const isFine = ours.code === 0 ? ours.stdout.startsWith(`${name}: `) : [flags, none].includes(ours.stderr)
    return isFine ? ours : { code: 1, stdout: '', stderr: `${flags} or ${none}` }
  }
}

/** Ours, if it names every verb and every option that theirs does. */
function sameThings(theirs: Said, command: string, ours: Said): Said {
  if (command.startsWith('systemd-resolve')) return { ...theirs, stdout: OLD_HELP } // 9: it only says whom to call
  const things = [...theirs.stdout.matchAll(/^ {2,5}(-?-?[\w-]+)/gm)].map(([, thing]) => thing as string)
  const missing = things.filter((thing) => !ours.stdout.includes(thing))
  return things.length > 3 && missing.length === 0 ? ours : { ...theirs, stdout: `help with ${missing.join(' ')}` }
}

const OLD_HELP = `systemd-resolve [OPTIONS...] HOSTNAME|ADDRESS...

This is the old way of calling tsresolvectl, kept for scripts. New ones say
'tsresolvectl COMMAND': see 'tsresolvectl --help'.
`

/** Links: all labels as wide as `Current DNS Server:`, and what `±DefaultRoute` says as a row of its own. */
function newerStatus(theirs: Said): Said {
  const blocks = theirs.stdout
    .replace(/\n$/, '')
    .split('\n\n')
    .map((block) => {
      if (!block.startsWith('Link ')) return block
      const [head = '', ...rows] = block.split('\n')
      const width = Math.max(...rows.map((row) => row.indexOf(': ')))
      const shift = ' '.repeat(Math.max(0, 'Current DNS Server'.length - width))
      const route = block.includes('+DefaultRoute') ? 'yes' : 'no'
      return [head, ...rows.map((row) => shift + row), `     Default Route: ${route}`].join('\n')
    })
  return theirs.stdout === '' ? theirs : { ...theirs, stdout: `${blocks.join('\n\n')}\n` }
}

/** Without the first line, in a wider column, and with a section on failures, of which there are none. */
function newerStatistics(theirs: Said, _command: string, ours: Said): Said {
  if (!ours.stdout.includes('Failure')) return theirs // nor has the daemon of 252
  const [, sections] = theirs.stdout.split(/^DNSSEC supported.*\n\n/)
  if (sections === undefined) return theirs
  const wide = sections.replaceAll(/^.*$/gm, (line) => {
    const [, label, count] = /^ *(.*:) (\d+)$/.exec(line) ?? []
    return label === undefined ? line.trim().padEnd(45) : `${label.padStart(44)} ${count}`
  })
  const failures = [
    'Failure Transactions'.padEnd(45),
    ...FAILURES.map((label) => `${label}: 0`.padStart(46)),
    ' '.repeat(45),
  ]
  return {
    ...theirs,
    stdout: wide.replace(/\s+$/, '\n').replace('DNSSEC Verdicts', `${failures.join('\n')}\nDNSSEC Verdicts`),
  }
}

const FAILURES = [
  'Total Timeouts',
  'Total Timeouts (Stale Data Served)',
  'Total Failure Responses',
  'Total Failure Responses (Stale Data Served)',
]
