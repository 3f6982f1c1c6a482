export type { MemoOptions } from './answer-memo.ts'
export { AnswerMemo } from './answer-memo.ts'
