import { type Name, parseName, type Question, type ResourceRecord, toUnicode, wireOfName } from '../wire/index.ts'

/** The question with its A-labels as UTF-8, which is what names are in both protocols (LL-W-3, MD-W-4); itself if it has none. */
export function inUtf8(question: Question): Question {
  if (!question.name.includes('xn--')) return question
  const name = parseName(toUnicode(question.name))
  return name === undefined || name === question.name ? question : { ...question, name, spelling: undefined }
}

/** The record under the name by which it was asked for. */
export function ownedAs(name: Name, record: ResourceRecord): ResourceRecord {
  return { ...record, name, owner: wireOfName(name) }
}
