import type { Message, Question, ResourceRecord } from '../../../src/wire/index.ts'
import { compose, FormError, nameOf, parseMessage, parseType, TYPE } from '../../../src/wire/index.ts'
import { SignedTree } from '../../kit/signed-tree.ts'
import { must, type Target, unless } from '../target.ts'

const DATA = ['www A 192.0.2.1', 'alias CNAME www', '*.wild A 192.0.2.9', 'moved DNAME wild', 'a.b MX 1 www']
const TREE = new SignedTree([
  { apex: 'test' },
  { apex: 'nsec.test', records: DATA },
  { apex: 'nsec3.test', records: DATA, denial: 'nsec3' },
  { apex: 'plain.test', records: DATA, algorithm: 'unsigned' },
])
const ASKED = ['nsec', 'nsec3', 'plain'].flatMap((zone) =>
  ['www A', 'alias A', 'x.wild A', 'y.moved A', 'none A', 'b A'].map((asked) => {
    const [name = '', type = ''] = asked.split(' ')
    return { name: `${name}.${zone}.test`, type }
  }),
)
/** Which reply the input stands in for. */
const PLACES = [undefined, TYPE.DNSKEY, TYPE.DS] as const

/**
 * Replies of a hostile zone to the validator: the input is the answer itself, or what is asked about the chain of trust.
 * The keys are made anew for each process, so the signed replies are among the seeds and not in the corpus. What comes
 * out as secure must be what the zones say.
 */
export const target: Target = {
  name: 'dnssec',
  maxLength: 16_384,
  // As many signatures and hashes as one validation may cost (S-LIM-1).
  allowance: { time: 100, memory: 16 << 20 },
  seeds: () => ASKED.flatMap((asked, i) => PLACES.flatMap((_, place) => seedFor(asked, i, place))),
  run(input) {
    const message = unless(FormError, () => parseMessage(input.subarray(2)))
    const asked = ASKED[(input[0] ?? 0) % ASKED.length] as (typeof ASKED)[number]
    const place = PLACES[(input[1] ?? 0) % PLACES.length]
    const question = questionOf(asked)
    TREE.tamper = (genuine, { name, type }) => {
      const isMeant = place === undefined ? name === question.name && type === question.type : type === place
      return isMeant ? (message ?? { ...genuine, answer: [], authority: [] }) : genuine
    }
    const verdict = TREE.validate(asked.name, asked.type)
    if (verdict.kind !== 'secure') return
    const truth = new Set(TREE.zones.flatMap(() => TREE.reply(question).answer).map(dataOf))
    must(
      verdict.answer.every((record) => truth.has(dataOf(record))),
      'nothing else than what the zone says is secure',
    )
  },
}

function questionOf({ name, type }: { readonly name: string; readonly type: string }): Question {
  return { name: nameOf(name), type: parseType(type) ?? 0, class: 1 }
}

function seedFor(asked: { readonly name: string; readonly type: string }, i: number, place: number): Buffer[] {
  const type = PLACES[place]
  const zone = nameOf(asked.name.split('.').slice(-2).join('.'))
  const question = type === undefined ? questionOf(asked) : { name: zone, type, class: 1 }
  return [Buffer.concat([Buffer.of(i, place), wireOf(question, TREE.reply(question))])]
}

function wireOf(question: Question, { flags, answer, authority }: Message): Buffer {
  return compose({ id: 0, flags, question, answer, authority })
}

function dataOf({ name, type, rdata }: ResourceRecord): string {
  return `${name} ${type} ${rdata.toString('hex')}`
}
