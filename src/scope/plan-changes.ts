import { ROOT } from '../wire/index.ts'
import type { UnicastPlan } from './plan.ts'

/** Lines in the log about one change: more are counted. */
const MAX_LINES = 20

/** What a change of links, settings or files did to the scopes, one line each, for the log. */
export function planChanges(before: readonly UnicastPlan[], plans: readonly UnicastPlan[]): string[] {
  const old = new Map(before.map((plan) => [plan.id, plan]))
  const now = new Set(plans.map(({ id }) => id))
  const gone = before.filter(({ id, servers }) => !now.has(id) && servers.length > 0)
  const lines = [
    ...gone.map((plan) => `${plan.label}: no longer asked (its DNS servers were ${serversText(plan)}).`),
    ...plans.flatMap((plan) => changeOf(old.get(plan.id), plan)),
  ]
  const left = lines.length - MAX_LINES
  return left <= 0 ? lines : [...lines.slice(0, MAX_LINES), `... and ${left} more scopes changed.`]
}

function changeOf(before: UnicastPlan | undefined, plan: UnicastPlan): string[] {
  if (before === plan) return []
  const [was, is] = [textOf(before), textOf(plan)]
  return was === is ? [] : [`${plan.label}: ${is}.`]
}

/** What a scope does, in the words of the log. */
function textOf(plan: UnicastPlan | undefined): string {
  if (plan === undefined || plan.servers.length === 0) return 'no DNS server to ask'
  const obstacle = plan.obstacle === undefined ? '' : ` (not now: ${plan.obstacle})`
  return `DNS servers ${serversText(plan)} for ${namesText(plan)}${obstacle}`
}

function serversText({ servers }: UnicastPlan): string {
  return servers.map(({ label }) => label).join(' ')
}

function namesText({ domains, route }: UnicastPlan): string {
  const claimed = domains.map(({ name }) => name)
  if (claimed.includes(ROOT)) return 'all names'
  const rest = route.isDefaultRoute ? ['names that nobody claims'] : []
  return [...claimed, ...rest].join(', ') || 'no names'
}
