export type { MemoOptions } from './answer-memo.ts'
export { AnswerMemo } from './answer-memo.ts'
export type { ReplyBasis, TextMemoOptions } from './text-memo.ts'
export { TextMemo } from './text-memo.ts'
