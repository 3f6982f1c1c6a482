/**
 * Folder `diagnose/`: why a name gets the answer it gets (`why`), and what is wrong with this machine's DNS (`doctor`).
 * Facts are collected first (`doctor-facts.ts`), judged by pure functions (`doctor-checks.ts`), then printed or
 * repaired. The daemon decides about names; these only show it.
 */
import {
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { reasonOf } from '../../base/index.ts'
import type { Context, VerbRun } from '../command/context.ts'
import type { Finding, Fix } from './doctor-findings.ts'
import { diagnose } from './doctor-checks.ts'
import { collectFacts } from './doctor-facts.ts'
import type { HostLink } from '../client/host-links.ts'
import { LINK_SETTINGS } from '../settings/link-settings.ts'
import { printJson } from '../terminal/output.ts'
import { shellWord } from '../terminal/shell-word.ts'
import { changeSetting } from '../settings/setting-verbs.ts'
import { SETTINGS_INTERFACE } from '../../varlink-idl/index.ts'

/** What usually goes wrong, and the one command that repairs each. The exit code is 1 while a problem remains. */
export const doctor: VerbRun = async (_words, context) => {
  const facts = await collectFacts(context)
  const findings = diagnose(facts)
  const { options, screen } = context
  const fixed = new Map<Finding, string>()
  if (options.fix) await fixAll(findings, fixed, context)
  if (options.json !== 'off') {
    printJson(
      findings.map((finding) => jsonOf(finding, fixed.get(finding))),
      context,
    )
  } else if (findings.length === 0) screen.print('Nothing is wrong that could be seen from here.')
  else for (const finding of findings) screen.print(`${findingLines(finding, fixed.get(finding), screen).join('\n')}\n`)
  if (facts.isTryOut && options.json === 'off') screen.note(TRY_OUT)
  return findings.some((finding) => finding.level === 'problem' && !fixed.has(finding)) ? 1 : 0
}

const TRY_OUT =
  'This is a try-out: port 53, the bus, /etc/resolv.conf and nsswitch.conf, which it leaves alone, were not looked at; changed files count when it is started anew.'

function jsonOf({ fix, ...finding }: Finding, undo: string | undefined) {
  return { ...finding, fixable: fix !== undefined, undo }
}

function findingLines(
  { level, what, repair, fix }: Finding,
  undo: string | undefined,
  screen: Pick<Context['screen'], 'paint'>,
): string[] {
  const head = level === 'problem' ? screen.paint('red', 'Problem:') : screen.paint('bold', 'Warning:')
  if (undo !== undefined) return [`${head} ${what}`, `  repaired; to undo: ${undo}`]
  return [`${head} ${what}`, `  repair: ${repair}`, ...(fix === undefined ? [] : ['  (or: tsresolvectl doctor --fix)'])]
}

/** Notes how each repair can be undone; one that fails is said, and the others are still tried. */
async function fixAll(findings: readonly Finding[], fixed: Map<Finding, string>, context: Context): Promise<void> {
  for (const finding of findings) {
    if (finding.fix === undefined) continue
    try {
      fixed.set(finding, await apply(finding.fix, context))
    } catch (error) {
      context.screen.note(`Cannot repair "${finding.what}": ${reasonOf(error)}`)
    }
  }
}

/** Repairs; the command that undoes it. */
async function apply(fix: Fix, context: Context): Promise<string> {
  if (fix.kind === 'link-resolv-conf') return linkResolvConf('/etc/resolv.conf')
  if (fix.kind === 'rewrite-nsswitch') return rewrite('/etc/nsswitch.conf', fix.text)
  const link = context.links.find(fix.link)
  const undo = await undoOfDefaultRoute(link, fix.isManaged, context)
  await changeSetting(LINK_SETTINGS['default-route'], link, ['no'], context)
  return undo
}

/** It was in force either because somebody had said so, or because of the link's domains. */
async function undoOfDefaultRoute(
  { ifindex, ifname }: HostLink,
  isManaged: boolean,
  { varlink }: Context,
): Promise<string> {
  const { origins } = await varlink.call(SETTINGS_INTERFACE, 'ListOrigins', { ifindex })
  if (origins.some(({ setting }) => setting === 'DefaultRoute')) return `tsresolvectl default-route ${ifname} yes`
  if (!isManaged) return `tsresolvectl default-route ${ifname} auto`
  return `tsresolvectl revert ${ifname}   # networkd cannot take back this alone: it forgets all that was set on the link by hand`
}

/** The file that was there is kept beside it; where it was a link, the link is told. */
function linkResolvConf(path: string): string {
  const before = backUp(path)
  putInPlace(path, (fresh) => symlinkSync('../run/systemd/resolve/stub-resolv.conf', fresh))
  return before
}

function rewrite(path: string, text: string): string {
  const before = backUp(path)
  putInPlace(path, (fresh) => writeFileSync(fresh, text, { mode: 0o644, flag: 'wx' }))
  return before
}

/** In one step. Neither an earlier run that was broken off is in the way, nor does one that fails leave anything. */
function putInPlace(path: string, make: (fresh: string) => void): void {
  const fresh = `${path}.tsresolvectl-new`
  rmSync(fresh, { force: true })
  try {
    make(fresh)
    renameSync(fresh, path)
  } finally {
    rmSync(fresh, { force: true })
  }
}

/** Keeps what is there; the command that brings it back. */
function backUp(path: string): string {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return `rm ${path}`
  if (found.isSymbolicLink()) return `ln -sfn ${shellWord(readlinkSync(path))} ${path}`
  return `mv ${keep(path)} ${path}`
}

/** Copies a file beside itself, without losing an earlier copy; gives where. */
function keep(path: string): string {
  for (let number = 1; ; number++) {
    const kept = `${path}.before-tsresolvectl${number === 1 ? '' : `-${number}`}`
    if (existsSync(kept)) continue
    copyFileSync(path, kept, constants.COPYFILE_EXCL)
    return kept
  }
}
