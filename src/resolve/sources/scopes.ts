import type { Clock } from '../../base/index.ts'
import { homeZoneOf, isLocalOnly, NO } from '../../routing/index.ts'
import type { Answer, Scope, ScopeSet } from '../../scope/index.ts'
import { DNS, failed, permits } from '../../scope/index.ts'
import type { HostFacts } from '../../synth/index.ts'
import { askScope, askSiblings } from '../ask-scope.ts'
import { explainScope } from '../explain-scope.ts'
import type { ExplainedScope } from '../explained.ts'
import { merge } from '../merge.ts'
import { isInternet } from '../permitted.ts'
import type { Query } from '../query.ts'
import { type AnswerSource, type Asking, type SourceView, UNWANTED } from './source.ts'

export interface ScopesServices {
  readonly scopes: ScopeSet
  readonly host: () => HostFacts
  /** Called before a name is routed: takes up what is only looked at when needed, such as /etc/resolv.conf (R-RC-7). */
  readonly catchUp: () => unknown
  readonly clock: Clock
}

/** How often a query may be asked anew because the scopes changed under it. */
const MAX_RESTARTS = 8

/** The scopes that want the name most, all at once (R-ROUTE-1). */
export class ScopesSource implements AnswerSource {
  readonly name = 'scopes'
  readonly standsBy = false
  readonly #services: ScopesServices

  constructor(services: ScopesServices) {
    this.#services = services
  }

  /** R-ROUTE-2, R-ROUTE-3. */
  off(query: Query): string | undefined {
    const isSpoken = this.#services.scopes.all.some(({ protocol }) => permits(query.flags, protocol))
    return isInternet(query) && isSpoken ? undefined : UNWANTED
  }

  ask(query: Query, asking: Asking): undefined | Promise<Answer> {
    return this.#isOwnBusiness(query) ? undefined : this.#askBest(query, asking)
  }

  async explain(query: Query): Promise<SourceView> {
    await this.#services.catchUp()
    const isOwn = this.#isOwnBusiness(query)
    const scopes = this.#explained(query, isOwn)
    if (isOwn) return { decides: false, detail: 'never asked for: the name belongs to this machine', scopes }
    const winners = scopes.filter(({ won }) => won).map(({ scope }) => scope)
    const detail = winners.join(' and ') || 'no scope takes the name'
    return { decides: winners.length > 0, detail, scopes }
  }

  /** Anew when the scopes changed meanwhile, so that no answer of the old ones gets out. */
  async #askBest(query: Query, { deadline, signal }: Asking): Promise<Answer> {
    const { scopes, clock, catchUp } = this.#services
    const catchingUp = catchUp()
    if (catchingUp instanceof Promise) await catchingUp
    for (let restarts = 0; restarts < MAX_RESTARTS; restarts++) {
      signal.throwIfAborted()
      const { version } = scopes
      const chosen = scopes.route(query)
      const [only] = chosen
      const best = await (only !== undefined && chosen.length === 1
        ? askScope(only, query, deadline, clock, signal)
        : this.#askSeveral(chosen, query, { deadline, signal }))
      if (version === scopes.version || !this.#isOutdated(best, query)) return best ?? unasked(query)
    }
    return failed(query.name, 'aborted')
  }

  #askSeveral(chosen: readonly Scope[], query: Query, { deadline, signal }: Asking): Promise<Answer | undefined> {
    const { clock } = this.#services
    const groups = withSiblings(chosen)
    const [only] = groups
    if (only !== undefined && groups.length === 1) return askSiblings(only, query, deadline, clock, signal)
    const unicastCount = groups.filter(([first]) => first?.protocol === DNS).length
    const answers = groups.map((group) => askSiblings(group, query, deadline, clock, signal))
    return merge(answers, unicastCount, query, clock)
  }

  /** Whether an answer comes from a scope that has gone or has lost the name since it was asked. */
  #isOutdated(best: Answer | undefined, query: Query): boolean {
    if (best?.scope === undefined || best.state === 'aborted') return true
    return !this.#services.scopes.route(query).some((scope) => scope === best.scope)
  }

  /** R-ROUTE-4. */
  #isOwnBusiness({ name }: Query): boolean {
    return isLocalOnly(name, this.#services.host())
  }

  /** Best first. */
  #explained(query: Query, isOwn: boolean): ExplainedScope[] {
    const { scopes, clock } = this.#services
    const scored = scopes.score(query).toSorted((a, b) => b.score - a.score)
    const best = scored[0]?.score ?? NO
    return scored.map((one) => {
      const won = best !== NO && one.score === best && !isOwn
      return explainScope(one, won, query, scopes.changedAt, clock.now())
    })
  }
}

/** Scopes that differ in nothing but the IP version stand together. */
function withSiblings(scopes: readonly Scope[]): Scope[][] {
  const groups = new Map<unknown, Scope[]>()
  for (const scope of scopes) {
    const key = scope.protocol === DNS ? scope : `${scope.protocol.name} ${scope.ifindex}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [scope])
    else group.push(scope)
  }
  return [...groups.values()]
}

/** RFC 8914 §4.1, Other Error. */
const OTHER_ERROR = 0

/** No scope takes the name: there is none to ask, or it is one that stays at home unless somebody claims it. */
function unasked({ name }: Query): Answer {
  const home = homeZoneOf(name)
  if (home === undefined) return failed(name, 'no-servers')
  const text = `${home.domain} is not sent to DNS servers: ${home.reason}; a link claims it by the domain ~${home.domain}`
  return { ...failed(name, 'not-found'), extendedError: { code: OTHER_ERROR, text } }
}
