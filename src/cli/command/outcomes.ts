import { RCODE } from '../../wire/index.ts'

const STATES = [
  'success',
  'nodata',
  'timeout',
  'attempts-max-reached',
  'no-servers',
  'invalid-reply',
  'errno',
  'aborted',
]
/** Of these there is something to say to somebody who mistyped. */
export const USUAL_OUTCOMES = 12
const RARE_STATES = [
  'dnssec-failed',
  'no-trust-anchor',
  'rr-type-unsupported',
  'network-down',
  'no-source',
  'stub-loop',
]
const SOURCES = ['literal', 'static', 'hosts', 'hook', 'synthesized', 'cache', 'stale', 'network', 'nobody']

/** What `monitor --outcome` can let through: anything that failed, a source, a state, or a response code. */
export const OUTCOMES: readonly string[] = [
  'failed',
  ...SOURCES,
  ...STATES,
  ...RARE_STATES,
  ...Object.keys(RCODE)
    .filter((name) => name !== 'NOERROR')
    .map((name) => name.toLowerCase()),
]
