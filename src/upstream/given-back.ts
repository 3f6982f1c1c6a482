import { cookieIn, foldOwners, foldQuestion, isSpelledAlike, withoutHopOptions } from '../wire/index.ts'
import type { Name } from '../wire/index.ts'
import type { GivenBack } from './learning.ts'
import type { Guards } from './guards.ts'
import type { SentMessage } from './reply-flaw.ts'

/** What a believed reply gave back of what was sent with the question. */
export function givenBackBy(reply: Buffer, { wire, guards: { mixesCase, cookie } }: SentMessage): GivenBack {
  return {
    isSpelledAlike: mixesCase && isSpelledAlike(reply, wire),
    cookie: cookie === undefined ? undefined : cookieIn(reply),
  }
}

/** The reply as if nothing of it had been sent; letters are changed in place. */
export function withoutGuards(reply: Buffer, name: Name, { mixesCase }: Guards, { cookie }: GivenBack): Buffer {
  if (mixesCase) foldQuestion(reply)
  if (mixesCase) foldOwners(reply, name)
  return cookie === undefined ? reply : withoutHopOptions(reply).message
}
