export type { MemoOptions, MemoSnapshot, ReplyOrigin, Routes } from './answer-memo.ts'
export { AnswerMemo } from './answer-memo.ts'
export type { TextMemoOptions, TextReplyOrigin } from './text-memo.ts'
export { TextMemo } from './text-memo.ts'
