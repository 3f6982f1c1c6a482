import { cookieIn, isReplyTo, isSpelledAlike } from '../wire/index.ts'
import { isCookieBelieved } from './cookies.ts'
import type { Guards } from './guards.ts'

/**
 * Why a message is no reply to what was sent: it does not answer it at all (RFC 5452 §9.1), or comes from a server that
 * always repeats the letter case, or sends a cookie, and lacks it (dns0x20 §3, RFC 7873 §5.3).
 */
export type ReplyFlaw = 'mismatch' | 'letter case' | 'no cookie' | 'foreign cookie'

/** A message, and what its reply is to be known by. */
export interface SentMessage {
  readonly wire: Buffer
  readonly guards: Guards
}

/** What the server has proven to give back. */
export interface ProvenGuards {
  readonly repeatsCase: boolean
  readonly sendsCookies: boolean
}

/** Undefined for a reply that may be believed. */
export function flawOf(
  reply: Buffer,
  { wire, guards: { mixesCase, cookie: own } }: SentMessage,
  { repeatsCase, sendsCookies }: ProvenGuards,
): ReplyFlaw | undefined {
  if (!isReplyTo(reply, wire)) return 'mismatch'
  if (mixesCase && repeatsCase && !isSpelledAlike(reply, wire)) return 'letter case'
  if (own === undefined) return undefined
  const cookie = cookieIn(reply)
  if (isCookieBelieved(cookie, own.client, sendsCookies)) return undefined
  return cookie === undefined ? 'no cookie' : 'foreign cookie'
}

/** For people, in the list of what was asked. */
export const FLAW_TEXTS: Readonly<Record<ReplyFlaw, string>> = {
  mismatch: 'replies that do not match',
  'letter case': 'reply in other letter case',
  'no cookie': 'reply without cookie',
  'foreign cookie': 'reply with a cookie that is not ours',
}
