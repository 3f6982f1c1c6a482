/**
 * Finished replies, replayed byte for byte: `AnswerMemo` for DNS messages, `TextMemo` for varlink calls. A query or call
 * comes in as bytes with the time; out come the bytes of an earlier reply, or nothing, and then the resolver answers as
 * usual. Nothing here resolves, routes, reads settings or decides what an answer is: removing the room would make the
 * daemon slower and not different, and every replay scenario runs both ways to prove it.
 *
 * ## Policy
 *
 * **What is kept.** Replies that repeat one entry of a cache (several for `TextMemo`) and rest on nothing else but routes
 * and shared dependencies: never hosts, synthesis, relayed messages or expired answers. Up to 4096 bytes.
 *
 * **When it is used.** While the cache entry and all shared dependencies are current, revalidated at each use (files may
 * change without a word), until the last tenth of the entry's life, when the cache wants to see who asks. After a change
 * of routes each reply is checked when it is next asked for: it stays if the query would still get its source and no other.
 *
 * **Which queries.** Plain ones (`QueryScan`): one question, RD, at most a bare OPT record. AD, EDNS and DO decide the shape
 * of the reply and are part of the key. Everything else goes to the resolver.
 *
 * **What is different in each reply.** ID, letter case of the question, TTLs, and which address comes first (R-CACHE-15).
 *
 * **Bounds.** Two generations (`TwoGenerations`) of at most `capacity` replies and 192 bytes for each of them; a look-up
 * takes at most 64 steps, so that names chosen to collide cost no more than one miss.
 */
export type { MemoOptions, MemoSnapshot, ReplyOrigin, Routes } from './answer-memo.ts'
export { AnswerMemo } from './answer-memo.ts'
export type { TextMemoOptions, TextReplyOrigin } from './text-memo.ts'
export { TextMemo } from './text-memo.ts'
