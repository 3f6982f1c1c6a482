import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { OPTIONS, type OptionSpec } from '../../../src/cli/command/options.ts'
import { VERBS } from '../../../src/cli/command/verbs.ts'
import { HELP } from '../../../src/app/options.ts'
import { Page } from './roff.ts'

/** All manual pages by file name. Verbs, options and keys come from where the programs themselves have them. */
export function manPages(): ReadonlyMap<string, string> {
  return new Map([
    ['tsresolvectl.1', tsresolvectl().toString()],
    ['tsresolved.8', tsresolved().toString()],
    ['tsresolved.conf.5', tsresolvedConf().toString()],
    ['nss-tsresolve.8', nssTsresolve().toString()],
  ])
}

const SEE_ALSO =
  '**tsresolved**(8), **tsresolvectl**(1), **tsresolved.conf**(5), **nss-tsresolve**(8), **resolv.conf**(5)'

/** What help has no room for. */
const MORE: Readonly<Record<string, string>> = {
  query:
    'With **--explain** the answer is followed by where it comes from: source, scopes with their scores and the rules ' +
    'behind them, server, and every attempt. On a terminal one line says as much in short.',
  why:
    'Tells the whole decision for a name from live state: which sources are consulted in order, each scope with its ' +
    'score and rule and what it loses by, what the winner remembers and who taught it, its servers in the order they ' +
    'would be asked, and, unless **--no-ask**, what asking brings. The last lines name the cause in one sentence and what ' +
    'to do. **--verbose** adds scores, and scopes that do not take the name. What is cached is shown to those who may see ' +
    'the cache (**show-cache**), as it tells what others looked up.',
  'default-route':
    '**auto** takes back what was set: the domains of the link decide again. **resolvectl**(1) cannot do that.',
  monitor:
    'With **--clients**, or one of the filters **--name**, **--client** and **--outcome**, one line per question: who ' +
    'asked, the result, source, link, server and time; **-i** then lets only one link through. Where ' +
    'more than fifty a second come for long, some are left out, and how many is said, so that watching costs little. ' +
    'Without, the layout of **resolvectl**(1), and every question: no reply is replayed from memory while somebody watches.',
  browse:
    'Follows services that neighbours offer by multicast DNS (RFC 6763), on links where it is on: with a type such as ' +
    '**_ipp._tcp** its instances, without one the types there are. On a terminal a table that changes as they come and ' +
    'go (q quits, up and down scroll), else one line for each change, and with **--json** one object. **service** tells ' +
    'host, port and texts of one. Services of this machine itself are not among them.',
  doctor:
    'Checks what usually goes wrong and says for each finding what is wrong and the one command that repairs it. ' +
    'It asks for a name by each link and for the root, and waits at most three seconds for a daemon that may be stuck. ' +
    '**--fix** repairs what can be undone, and tells how. The exit code is 1 while a problem remains.',
  top:
    'One row per link: lights for interface up, carrier, address, routes for names, servers, and servers that are ' +
    'healthy; questions per second, share from the cache, failures, round trips (p50 and p95 as upper bounds) and the ' +
    'current server. Below, the latest questions: at first up to 512 from before, among them none that was answered by ' +
    'replaying a reply, as these are noted only while somebody watches. Keys: q quits, space pauses, left and right ' +
    'pick a link, up and down a question, w explains it, f flushes all caches, h tells what the signs mean.',
}

function tsresolvectl(): Page {
  const page = new Page('tsresolvectl', 1, 'ask and control the resolver')
    .heading('Synopsis')
    .text('**tsresolvectl** [_OPTION_...] [_COMMAND_ [_ARGUMENT_...]]')
    .heading('Description')
    .text(
      'Resolves names, addresses, records and services through **tsresolved**(8), shows and changes what is ' +
        'configured, and explains why a name resolves as it does. Commands, options and output of **resolvectl**(1) ' +
        'are understood; without a command, **status** is shown. Called as **resolvconf**, by a symbolic link of that ' +
        'name, it understands the options of **resolvconf**(8) and keeps a record for each INTERFACE.PROTOCOL, and as **systemd-resolve** those of that older program. ' +
        '**--help** behind a command shows the options of that command alone.',
    )
    .heading('Commands')
  for (const { name, usage, help } of VERBS) {
    page.item(`**${name}** ${usage}`.trimEnd(), [`${help}.`, MORE[name] ?? ''].join(' ').trimEnd())
  }
  page.heading('Options')
  for (const option of OPTIONS) page.item(optionTerm(option), `${option.help}.`)
  return page
    .heading('Exit status')
    .text('0 when all went well, 1 when something could not be found or done.')
    .heading('Environment')
    .item(
      '**TSRESOLVED_RUNTIME_DIR**',
      'As **--runtime-dir=**: asks the daemon that runs in this directory, such as a try-out, by varlink alone. The bus, ' +
        'which belongs to the resolver of the system, is not used then, so links cannot be changed.',
    )
    .item('**NO_COLOR**', 'No colours when set to anything.')
    .item('**SYSTEMD_PAGER**, **PAGER**', 'The pager for long output on a terminal; empty or **cat** for none.')
    .heading('Examples')
    .example(
      'tsresolvectl why www.corp.example\ntsresolvectl monitor --name=corp.example --outcome=failed\ntsresolvectl doctor',
    )
    .heading('See also')
    .text(SEE_ALSO)
}

function optionTerm({ long, short, value, optional }: OptionSpec): string {
  const assigned = value === undefined ? '' : optional ? `[=_${value}_]` : `=_${value}_`
  const names = [
    ...(short === undefined ? [] : [`**-${short}**${value === undefined || long !== undefined ? '' : ` _${value}_`}`]),
    ...(long === undefined ? [] : [`**--${long}**${assigned}`]),
  ]
  return names.join(', ')
}

function tsresolved(): Page {
  const page = new Page('tsresolved', 8, 'per-link caching DNS stub resolver')
    .heading('Synopsis')
    .text('**tsresolved** [_OPTION_...]')
    .heading('Description')
    .text(
      'Answers DNS questions of local programs on 127.0.0.53 and 127.0.0.54, on the system bus as ' +
        'org.freedesktop.resolve1, and by varlink in /run/systemd/resolve, in place of **systemd-resolved**(8). Each ' +
        'link has its own servers, domains and cache: a name goes only to the links that claim the longest domain it ' +
        'is within, else to those that are default routes.',
    )
    .heading('Options')
  for (const [, term = '', text = ''] of HELP.matchAll(/^ {2}(-\S.*?)(?: {2,}(.*(?:\n {20,}.*)*))?$/gm)) {
    page.item(term.replaceAll(/-{1,2}[a-z][a-z-]*/g, '**$&**'), `${text.replaceAll(/\s+/g, ' ').trim()}.`)
  }
  return page
    .heading('Signals')
    .item('**SIGHUP**', 'Reloads the configuration.')
    .item('**SIGUSR1**', 'Logs caches and servers.')
    .item('**SIGUSR2**', 'Flushes all caches.')
    .item(
      '**SIGRTMIN+1**',
      'Forgets what servers have been found to be able to do, as **tsresolvectl reset-server-features** does.',
    )
    .item(
      '**SIGRTMIN+18**',
      'With a value, as by **kill -s RTMIN+18 -q** VALUE PID: 256 to 263 log less or more, from emerg to debug; 768 ' +
        'gives back unused memory; 769 logs how much is used.',
    )
    .item(
      '**SIGTERM**, **SIGINT**',
      'End it. So do those of a crash, of a limit and of the quit key; no other signal does.',
    )
    .heading('Socket activation')
    .text(
      'Sockets that the service manager passes by the names **varlink** and **varlink-monitor** (FileDescriptorName=) are ' +
        'served in place of /run/systemd/resolve/io.systemd.Resolve and io.systemd.Resolve.Monitor; see **sd_listen_fds**(3).',
    )
    .heading('Varlink interfaces')
    .text(
      'Besides io.systemd.Resolve and io.systemd.Resolve.Monitor: **io.tsresolved.Explain** tells where answers come ' +
        'from and why, **io.tsresolved.Observe** shows links, questions and counters, ' +
        '**io.tsresolved.Settings** tells who set what. All are on the socket io.systemd.Resolve and describe themselves. What others asked is shown to root, to members of the group that ' +
        '**tsresolved** runs as, and to whom polkit lets.',
    )
    .heading('Environment')
    .item('**SYSTEMD_RESOLVED_HOOK**', 'Without lookup hooks when set to a false value.')
    .item(
      '**SYSTEMD_RESOLVED_SYNTHESIZE_HOSTNAME**',
      'When set to a false value the own host name is asked of others as any other name.',
    )
    .item(
      '**SSL_CERT_FILE**, **SSL_CERT_DIR**',
      'What certificates of servers are checked against in place of the bundle of the system: a file of certificates, and ' +
        'directories, separated by colons, with certificates under names that **openssl rehash** gives them. One of the two ' +
        'replaces the places of both. A change is noticed within ten seconds, when a server is to be verified; in a directory, ' +
        'when a name comes or goes.',
    )
    .heading('Files')
    .item('/etc/systemd/resolved.conf, /etc/tsresolved.conf', 'See **tsresolved.conf**(5).')
    .item(
      '/run/systemd/resolve.hook/',
      'Sockets of programs that answer names before servers are asked, by io.systemd.Resolve.Hook.',
    )
    .item('/run/systemd/resolve/stub-resolv.conf', 'For /etc/resolv.conf to lead to.')
    .item('/run/systemd/resolve/metrics', 'Where metrics are fetched with MetricsListen=yes.')
    .heading('See also')
    .text(SEE_ALSO)
}

function tsresolvedConf(): Page {
  const page = new Page('tsresolved.conf', 5, 'configuration of the resolver')
    .heading('Synopsis')
    .example(
      '/etc/systemd/resolved.conf\n/etc/systemd/resolved.conf.d/*.conf\n/etc/tsresolved.conf\n/etc/tsresolved.conf.d/*.conf',
    )
    .heading('Description')
    .text(
      'Read in this order; drop-ins by their names, later ones counting more. Each has a section [Resolve]. ' +
        '**systemd-resolved**(8) reads the first two as well and only warns of keys it does not know; the last two are ' +
        'for **tsresolved**(8) alone. A broken line loses only itself.',
    )
    .heading('Keys of resolved.conf')
  for (const [keys, text] of keysIn('resolved.conf')) page.item(keys, text)
  page.heading('Keys of tsresolved alone')
  for (const [keys, text] of keysIn('tsresolved.conf')) page.item(keys, text)
  return page
    .heading('Other files')
    .item(
      '/etc/systemd/dns-delegate.d/*.dns-delegate',
      'Servers for some domains that belong to no link: a section [Delegate] with DNS=, Domains= and DefaultRoute=; also below ' +
        '/run, /usr/local/lib and /usr/lib, with drop-ins. Read again on a reload.',
    )
    .item(
      '/etc/systemd/resolve/static.d/*.rr',
      'Records of one\'s own as JSON, each for one exact name, such as { "key": { "name": "nas.home.example", "type": 1 }, ' +
        '"address": "192.168.1.5" }; also below /run, /usr/local/lib and /usr/lib. Looked at every two seconds.',
    )
    .item(
      '/etc/dnssec-trust-anchors.d/*.negative',
      'Domains that are not to be validated, one a line, remarks behind a semicolon; also below /run, /usr/local/lib and ' +
        '/usr/lib. They take the place of the usual list, which **tsresolvectl nta** shows.',
    )
    .item(
      '/etc/dnssec-trust-anchors.d/*.positive',
      'Keys from which chains of trust start, one DS or DNSKEY record a line, in the same directories. A line about the root ' +
        'takes the place of the two built-in keys, others add to them.',
    )
    .heading('See also')
    .text(SEE_ALSO)
}

/** Keys with their defaults, and the remark above them in the file that is shipped. */
function keysIn(file: string): [keys: string, text: string][] {
  const text = readFileSync(join(import.meta.dirname, '../..', file), 'utf8')
  const [, body = ''] = text.split(/^\[Resolve\]$/m)
  const found: [string, string][] = []
  let remark: string[] = []
  let keys: string[] = []
  const flush = () => {
    if (keys.length > 0) found.push([keys.join(', '), remark.join(' ')])
    if (keys.length > 0) remark = []
    keys = []
  }
  for (const line of body.split('\n')) {
    const [, key, value] = /^#([A-Za-z]+)=(.*)$/.exec(line) ?? []
    if (key !== undefined) keys.push(`**${key}=**${value}`)
    else {
      flush()
      if (line.startsWith('# ')) remark.push(line.slice(2))
      else if (line === '') remark = []
    }
  }
  flush()
  return found
}

function nssTsresolve(): Page {
  return new Page('nss-tsresolve', 8, 'host names for programs through the resolver')
    .heading('Synopsis')
    .example('libnss_resolve.so.2')
    .heading('Description')
    .text(
      'The NSS module behind **hosts: resolve** in /etc/nsswitch.conf: **getaddrinfo**(3) and its elders ask ' +
        '**tsresolved**(8) over a Unix socket instead of sending DNS. It works with **systemd-resolved**(8), too, and ' +
        'takes the place of the module of that package, whose name it bears.',
    )
    .text('So that any answer of the resolver is final, and the rest runs only without it:')
    .example('hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns')
    .heading('Environment')
    .text('Not heeded by set-user-ID programs.')
    .item(
      '**SYSTEMD_NSS_RESOLVE_VALIDATE**, **SYSTEMD_NSS_RESOLVE_SYNTHESIZE**, **SYSTEMD_NSS_RESOLVE_CACHE**, ' +
        '**SYSTEMD_NSS_RESOLVE_ZONE**, **SYSTEMD_NSS_RESOLVE_TRUST_ANCHOR**, **SYSTEMD_NSS_RESOLVE_NETWORK**',
      'A false value turns that off for the lookup.',
    )
    .item('**SYSTEMD_NSS_RESOLVE_INTERFACE**', 'The only link to look on, by name or index.')
    .heading('See also')
    .text(`${SEE_ALSO}, **nsswitch.conf**(5)`)
}
