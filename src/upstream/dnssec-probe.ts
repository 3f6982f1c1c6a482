import type { Message, Question } from '../wire/index.ts'
import { CLASS, labelsOf, type Name, RCODE, rcodeText, ROOT, TYPE } from '../wire/index.ts'
import type { Outcome } from './outcome.ts'

/** What a probe said of its server; undefined where it says nothing. */
export type DnssecFinding = { readonly isAble: true } | { readonly isAble: false; readonly lack: string } | undefined

/**
 * What to ask a server to find out whether it does DNSSEC (S-DOWN-3): the keys of the root, which are signed, and the DS
 * records of the top-level domain of `name`, which are signed as well, or have a proof that there are none. A server that
 * is asked for names in `domain` alone need not know these: what it says of that domain tells whether it takes EDNS and DO.
 */
export function dnssecProbes(domain: Name, name: Name): readonly Question[] {
  if (domain !== ROOT) return [{ name: domain, type: TYPE.SOA, class: CLASS.IN }]
  const keys = { name: ROOT, type: TYPE.DNSKEY, class: CLASS.IN }
  const topLevel = labelsOf(name).at(-1) as Name | undefined
  return topLevel === undefined ? [keys] : [keys, { name: topLevel, type: TYPE.DS, class: CLASS.IN }]
}

/** Errors of the server, and silence, say nothing of its abilities. */
export function findingOf(question: Question, outcome: Outcome): DnssecFinding {
  if (outcome.kind === 'failure' || outcome.message.rcode === RCODE.SERVFAIL) return undefined
  const lack = lackIn(question, outcome.message)
  return lack === undefined ? { isAble: true } : { isAble: false, lack }
}

function lackIn({ type }: Question, message: Message): string | undefined {
  if (type === TYPE.SOA) return lackOfEdns(message)
  const types = new Set([...message.answer, ...message.authority].map((record) => record.type))
  if (type === TYPE.DS) return types.has(TYPE.RRSIG) ? undefined : (lackOfEdns(message) ?? 'knows no DS records')
  if (types.has(TYPE.RRSIG) && types.has(TYPE.DNSKEY)) return undefined
  if (message.rcode !== RCODE.NOERROR)
    return `says ${rcodeText(message.rcode)} to the question for the keys of the root`
  return lackOfEdns(message) ?? (types.has(TYPE.DNSKEY) ? 'gives no signatures' : 'does not give the keys of the root')
}

function lackOfEdns({ opt }: Message): string | undefined {
  if (opt === undefined) return 'does not answer EDNS with EDNS'
  return opt.dnssecOk ? undefined : 'does not take the DO flag'
}
