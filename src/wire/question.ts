import { FormError } from './form-error.ts'
import { HEADER_SIZE, questionCount, wordAt } from './header.ts'
import type { Name } from './name.ts'
import { expandName, nameOfWire, readName } from './name.ts'
import { NameLimits } from './name-limits.ts'
import { classText, typeText } from './numbers.ts'
import { type Spelling, spellingIn, writtenName } from './spelling.ts'

/** What is asked: the key of a transaction and of a cache entry. */
export interface Question {
  readonly name: Name
  readonly type: number
  readonly class: number
  /** How the name is to be written where it is sent; in lower case when undefined. Equal questions may differ in it. */
  readonly spelling?: Spelling | undefined
}

/**
 * Equal questions have equal keys. They are joined, since a template would leave a tree of four parts, which takes
 * 130 bytes more where it is kept and a fifth more time to be looked up.
 */
export function questionKey({ name, type, class: questionClass }: Question): string {
  return [name, type, questionClass].join(' ')
}

/** For people: `example.com IN A`. */
export function questionText(question: Question): string {
  return `${writtenName(question)} ${classText(question.class)} ${typeText(question.type)}`
}

/** The only question of `message`, and where it ends. @throws {FormError} when there is not exactly one. */
export function readQuestion(message: Uint8Array): { question: Question; end: number } {
  if (message.length < HEADER_SIZE) throw new FormError('message is shorter than its header', message.length)
  if (questionCount(message) !== 1) throw new FormError('not exactly one question', 4)
  const { name, end } = readName(message, HEADER_SIZE)
  if (end + 4 > message.length) throw new FormError('question runs past the end', end)
  return { question: { name, type: wordAt(message, end), class: wordAt(message, end + 2) }, end: end + 4 }
}

/** All questions of `message`, with the letter case they came in. @throws {FormError} for what is malformed */
export function readQuestions(message: Uint8Array): Question[] {
  if (message.length < HEADER_SIZE) throw new FormError('message is shorter than its header', message.length)
  const limits = new NameLimits(HEADER_SIZE)
  const questions: Question[] = []
  let at = HEADER_SIZE
  for (let left = questionCount(message); left > 0; left--) {
    const { wire, end } = expandName(message, at, limits)
    at = end + 4
    if (at > message.length) throw new FormError('question runs past the end', end)
    const [type, questionClass] = [wordAt(message, end), wordAt(message, end + 2)]
    questions.push({ name: nameOfWire(wire), type, class: questionClass, spelling: spellingIn(wire) })
  }
  return questions
}
