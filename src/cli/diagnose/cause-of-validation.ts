import type { Cause, CauseFacts } from './cause-facts.ts'
import { capitalScope } from './cause-of-routing.ts'
import type { Why } from './why-reply.ts'

type Asked = NonNullable<Why['asked']>

/** DNSSEC refuses what was answered, or nobody could be asked for proofs. */
export function causeOfValidation(facts: CauseFacts, asked: Asked, scope: string): Cause {
  const { name } = asked
  const reason = reasonOf(asked)
  switch (asked.failure?.dnssecResult) {
    case 'incompatible-server':
      return {
        cause: `${capitalScope(scope)} validates (DNSSEC=yes), and no server of it can do DNSSEC${because(reason)}.`,
        repair: settingRepair(
          facts,
          scope,
          { verb: 'dnssec', values: ['allow-downgrade'], key: 'DNSSEC' },
          'to go without',
        ),
      }
    case 'upstream-failure':
      return {
        cause: `The DNS server validates, and refuses what it gets for ${name}${because(reason)}.`,
        repair: undefined,
      }
    case 'failed-auxiliary':
      return { cause: `What is needed to validate ${name} could not be had${because(reason)}.`, repair: undefined }
    case 'missing-key':
    case 'no-signature':
    case 'nsec-mismatch':
      return causeOfPrivateZone(facts, name, scope, reason) ?? bogus(name, reason)
    default:
      return bogus(name, reason)
  }
}

/**
 * A domain that a link claims has data which the public zones above it deny, or say is signed: only who runs it can know
 * that it is meant to be so (S-SPLIT-1).
 */
function causeOfPrivateZone(facts: CauseFacts, name: string, scope: string, reason: string): Cause | undefined {
  const rule = facts.why.scopes.find((each) => each.scope === scope)?.rule ?? ''
  const domain = /^domain (.*)$/.exec(rule)?.[1]
  if (domain === undefined || domain === '.') return undefined
  const known = facts.links.find((each) => each.scope === scope)?.negativeTrustAnchors ?? []
  const values = [...known.filter((each) => each !== domain), domain]
  return {
    cause: `${name} of ${scope}, which claims ${domain}, cannot be validated by the zones above it${because(reason)}.`,
    repair: settingRepair(
      facts,
      scope,
      { verb: 'nta', values, key: 'DNSSECNegativeTrustAnchors' },
      `if ${domain} is a private zone without signatures`,
    ),
  }
}

/** A setting as the command and as the key of a `.network` file write it. */
interface Setting {
  readonly verb: string
  readonly values: readonly string[]
  readonly key: string
}

/** The command for a link; where nobody may change that, or there is none, the file. */
function settingRepair({ links }: CauseFacts, scope: string, { verb, values, key }: Setting, when: string): string {
  const link = links.find((each) => each.scope === scope && each.ifindex !== undefined)
  const value = values.join(' ')
  if (link?.managed === true)
    return `${when}: ${key}=${value} in the .network file of ${link.name}, then: networkctl reload`
  if (link !== undefined) return `${when}: tsresolvectl ${verb} ${link.name} ${value}`
  const [domain] = values.slice(-1)
  const file =
    verb === 'nta'
      ? `the line ${domain} in /etc/dnssec-trust-anchors.d/${domain}.negative`
      : `${key}=${value} in resolved.conf`
  return `${when}: ${file}, then: systemctl reload tsresolved`
}

function bogus(name: string, reason: string): Cause {
  return {
    cause: `What was answered for ${name} does not stand up to DNSSEC${because(reason)}.`,
    repair: `to see it all the same: tsresolvectl query --validate=no ${name}`,
  }
}

function because(reason: string): string {
  return reason === '' ? '' : `: ${reason}`
}

/** The sentence behind the name of the extended error. */
function reasonOf({ failure }: Asked): string {
  return /^DNSSEC validation failed: [\w-]+ \([^:()]*: (.*)\)$/.exec(failure?.message ?? '')?.[1] ?? ''
}
