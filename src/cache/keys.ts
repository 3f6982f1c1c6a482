import type { Name, Question } from '../wire/index.ts'
import { questionCount, questionKey, readQuestion, TYPE } from '../wire/index.ts'
import type { CacheVariant } from './cached-answer.ts'

/** Stands where a type would in the keys of NXDOMAIN. */
const NXDOMAIN = 'nxdomain'

/** The key of an answer: question and variant. */
export function keyOf(question: Question, variant: CacheVariant): string {
  return variant === '' ? questionKey(question) : [questionKey(question), variant].join(' ')
}

/** NXDOMAIN says the name has no type at all, so it is kept once for all of them (R-CACHE-2). */
export function nxdomainKey({ name, class: questionClass }: Question): string {
  return [name, NXDOMAIN, questionClass].join(' ')
}

/** The key begins with the name, which has no blank in it: blanks on the wire are escaped. */
export function nameOfKey(key: string): Name {
  return key.slice(0, key.indexOf(' ')) as Name
}

/** What was asked: as the message repeats it, else as far as the key tells, since errors may come without. */
export function questionOfKey(key: string, wire: Buffer): Question {
  if (questionCount(wire) === 1) return readQuestion(wire).question
  const [name, type, questionClass] = key.split(' ')
  return { name: name as Name, type: type === NXDOMAIN ? TYPE.ANY : Number(type), class: Number(questionClass) }
}
