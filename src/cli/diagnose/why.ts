import { AF_INET, AF_INET6, IpAddress } from '../../base/index.ts'
import { CLASS, reverseNameOf, toAscii, TYPE, typeText } from '../../wire/index.ts'
import { CliError } from '../command/cli-error.ts'
import type { Context, VerbRun } from '../command/context.ts'
import { explainUnavailable } from '../query/explained-lookups.ts'
import { FLAG } from '../command/flags.ts'
import { printJson } from '../terminal/output.ts'
import { printPaged } from '../terminal/pager.ts'
import { EXPLAIN_INTERFACE, type Parameters } from '../../varlink-idl/index.ts'
import { isUnavailable, VarlinkCallError } from '../client/varlink-client.ts'
import { causeOf } from './cause.ts'
import { readDaemonFacts } from './daemon-facts.ts'
import type { Why } from './why-reply.ts'
import { causeLines, whyLines } from './why-text.ts'

/** The whole decision for a name: sources, scopes, cache, servers, what asking now brings, and at the end the cause. */
export const why: VerbRun = async ([word], context) => {
  const reply = await ask(word!, questionOf(word!, context), context)
  const now = Date.now() * 1000
  const cause = causeOf({ why: reply, now, ...(await readDaemonFacts(context.varlink)) })
  if (context.options.json !== 'off') printJson({ ...reply, ...cause }, context)
  else {
    const { options, screen } = context
    const paint = (text: string) => screen.paint('bold', text)
    printPaged([...whyLines(reply, now, paint, options.verbose), ...causeLines(cause, paint)].join('\n'), context)
  }
  return 0
}

type WhyParameters = Parameters<typeof EXPLAIN_INTERFACE, 'Why'>

/** An address stands for its reverse name; a name is asked for its addresses, or what `--type` says. */
function questionOf(word: string, { options, ifindex }: Context): WhyParameters {
  const address = IpAddress.parse(word)
  const isFixed = address !== undefined || options.type !== undefined || word.endsWith('.')
  const flags = options.flags & ~(FLAG.NO_TXT | FLAG.NO_ADDRESS)
  return {
    name: address === undefined ? (toAscii(word) ?? word) : reverseNameOf(address),
    class: options.class ?? CLASS.IN,
    types: typesFor(options, address),
    ask: options.ask,
    ifindex,
    flags: isFixed ? flags | FLAG.NO_SEARCH : flags,
  }
}

function typesFor({ type, family }: Context['options'], address: IpAddress | undefined): readonly number[] {
  if (type !== undefined) return [type]
  if (address !== undefined) return [TYPE.PTR]
  return [...(family === AF_INET6 ? [] : [TYPE.A]), ...(family === AF_INET ? [] : [TYPE.AAAA])]
}

async function ask(word: string, question: WhyParameters, { varlink }: Context): Promise<Why> {
  try {
    return await varlink.call(EXPLAIN_INTERFACE, 'Why', question)
  } catch (error) {
    if (isUnavailable(error)) throw explainUnavailable(error)
    if (error instanceof VarlinkCallError && error.errorName === 'org.varlink.service.InvalidParameter') {
      const { types } = question
      const isType = error.parameters.parameter === 'types'
      throw new CliError(
        isType ? `Nobody can ask for ${types.map(typeText).join(', ')}.` : `"${word}" is not a name.`,
        {
          cause: error,
        },
      )
    }
    throw error
  }
}
