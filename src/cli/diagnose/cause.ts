import { typeText } from '../../wire/index.ts'
import { capital, type Cause, type CauseFacts, typesText } from './cause-facts.ts'
import { causeOfFailure, causeOfSuccess } from './cause-of-answer.ts'
import { causeOfNoScope, closerClaim } from './cause-of-routing.ts'
import type { Why } from './why-reply.ts'

/**
 * Why a question came to what it did, and what to do about it. Says only what the facts hold: where they do not tell,
 * what happened is said without a reason. The order is that of the decision: sources, routing, servers, answer.
 */
export function causeOf(facts: CauseFacts): Cause {
  return hookCause(facts.why) ?? localCause(facts) ?? causeOfNoScope(facts) ?? scopeCause(facts)
}

function scopeCause(facts: CauseFacts): Cause {
  const { asked } = facts.why
  if (asked !== undefined && asked.failure === undefined) return causeOfSuccess(facts, asked)
  return closerClaim(facts) ?? causeOfFailure(facts)
}

/** What a hook says is final, also that there is no such name. */
function hookCause({ name, asked, types }: Why): Cause | undefined {
  if (asked?.provenance.source !== 'hook') return undefined
  const what = { success: 'answers for', nodata: `has no ${types.map(typeText).join(' or ')} for` }[asked.state]
  return {
    cause: `A lookup hook, a program on this machine, ${what ?? 'says no to'} ${name}: DNS servers are not asked.`,
    repair: what === 'answers for' ? undefined : 'see which programs answer names: ls /run/systemd/resolve.hook',
  }
}

/** Sources before and beside the scopes: nobody is asked. */
function localCause({ why }: CauseFacts): Cause | undefined {
  const decisive = why.steps.find(({ verdict }) => verdict === 'decides')
  const name = why.name
  if (decisive?.source === 'refusal') {
    return {
      cause: `The settings refuse questions for ${why.types.map(typeText).join(', ')} (RefuseRecordTypes=).`,
      repair: 'take the type out of RefuseRecordTypes= in resolved.conf, then: systemctl reload tsresolved',
    }
  }
  if (decisive?.source === 'hosts' || decisive?.source === 'static') {
    const file = decisive.source === 'hosts' ? '/etc/hosts' : 'a static record (*.rr)'
    const isEmpty = why.asked?.state === 'nodata'
    const what = isEmpty ? `has ${name} without ${typesText(why)}, and is the only one asked` : `answers for ${name}`
    return {
      cause: `${capital(file)} ${what}: DNS servers are not asked.`,
      repair: isEmpty ? `add the address to ${file}, or take the name out to ask DNS` : undefined,
    }
  }
  if (decisive?.source === 'synthesized') {
    return { cause: `${name} is a name of this machine, which answers it itself and asks nobody.`, repair: undefined }
  }
  const scopes = why.steps.find(({ source }) => source === 'scopes')
  const isKept = scopes?.verdict === 'passes' && why.scopes.some(({ score }) => score > 0)
  if (scopes?.verdict === 'off' && !isAnswered(why)) {
    return { cause: `The options of this call leave DNS servers out, and nothing else has ${name}.`, repair: undefined }
  }
  return isKept && !isAnswered(why)
    ? { cause: `${name} is a special name that is never sent to a DNS server (RFC 6761).`, repair: undefined }
    : undefined
}

function isAnswered({ asked }: Why): boolean {
  return asked !== undefined && asked.failure === undefined
}
