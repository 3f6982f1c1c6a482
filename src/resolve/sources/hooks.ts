import { type Answer, hookAnswer } from '../../scope/index.ts'
import { RCODE, TYPE } from '../../wire/index.ts'
import type { Query } from '../query.ts'
import type { AnswerSource, Asking, SourceView } from './source.ts'
import type { HookReply, LookupHook, LookupHooks } from './lookup-hook.ts'

/**
 * Programs that answer names before servers are asked (H-ORD-1), whatever the query's flags (H-ORD-2). All that take the
 * name are asked at once (H-ORD-4), and what they say is final.
 */
export class HooksSource implements AnswerSource {
  readonly name = 'hooks'
  readonly standsBy = false
  readonly #hooks: LookupHooks

  constructor(hooks: LookupHooks) {
    this.#hooks = hooks
  }

  off(): undefined {
    return undefined
  }

  ask(query: Query, asking: Asking): undefined | Promise<Answer | undefined> {
    const hooks = this.#hooks.taking(query.name)
    return hooks.length === 0 ? undefined : askAll(hooks, query, asking)
  }

  /** A hook that takes the name may still leave it to others: that is known only when it is asked. */
  explain({ name }: Query): SourceView | undefined {
    const hooks = this.#hooks.taking(name)
    if (hooks.length === 0) return undefined
    const asked = hooks.map((hook) => (hook.isLeftOut ? `${hook.name} (gave no reply in time, left out)` : hook.name))
    return { decides: false, detail: `asked first, as it takes the name: ${asked.join(', ')}` }
  }
}

async function askAll(hooks: readonly LookupHook[], query: Query, { signal }: Asking): Promise<Answer | undefined> {
  const replies = await Promise.all(hooks.map((hook) => askOne(hook, query, signal)))
  const reply = bestReply(replies)
  return reply && hookAnswer(query.name, reply.rcode, reply.records, query.flags)
}

/**
 * A hook that knows an address of one family only may say NXDOMAIN for the other, as networkd does (H-WIN-7). Where it has
 * the name after all, that is NODATA.
 */
async function askOne(hook: LookupHook, query: Query, signal: AbortSignal): Promise<HookReply | undefined> {
  const ask = (types: readonly number[]) => {
    const questions = types.map((type) => ({ name: query.name, type, class: query.class }))
    return hook.ask(questions, signal)
  }
  const reply = await ask(query.types)
  const family = reply?.rcode === RCODE.NXDOMAIN && query.types.length === 1 ? query.types[0] : undefined
  const other = family === TYPE.AAAA ? TYPE.A : family === TYPE.A ? TYPE.AAAA : undefined
  if (other === undefined) return reply
  const otherReply = await ask([other])
  const exists = otherReply?.rcode === RCODE.NOERROR && otherReply.records.length > 0
  return exists ? { rcode: RCODE.NOERROR, records: [] } : reply
}

/**
 * The reply that decides, of those in the order of the hooks' names; undefined where all leave the name to others. Records
 * win over an empty success, that over a failure, the first over later ones (V-H5). Other than in systemd-resolved it
 * makes no difference who replied first (H-WIN-2).
 */
export function bestReply(replies: readonly (HookReply | undefined)[]): HookReply | undefined {
  const given = replies.filter((reply) => reply !== undefined)
  const successes = given.filter(({ rcode }) => rcode === RCODE.NOERROR)
  return successes.find(({ records }) => records.length > 0) ?? successes[0] ?? given[0]
}
