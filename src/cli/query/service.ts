import { serviceLines } from './answer-lines.ts'
import { saying } from '../client/attempts.ts'
import { CliError } from '../command/cli-error.ts'
import type { Context, VerbRun } from '../command/context.ts'
import { FLAG } from '../command/flags.ts'
import { BusLookups } from './bus-lookups.ts'
import type { ServiceName } from './lookups.ts'
import { printAnswer } from '../terminal/output.ts'
import { preferBus } from '../client/prefer-bus.ts'
import { serviceOverVarlink } from './service-over-varlink.ts'

/** `[[NAME] TYPE] DOMAIN`: the servers, texts and canonical names of a service. */
export const service: VerbRun = async (words, context) => {
  if (context.options.json !== 'off') {
    throw new CliError('service has no JSON form: use query with --type=SRV or --type=TXT and --json=.')
  }
  const asked = serviceName(words)
  const { answer, elapsed } = await preferBus(
    async () => ask(new BusLookups(await context.bus()), asked, words.length, context),
    () => ask(overVarlink(context), asked, words.length, context),
  )
  const lines = serviceLines(asked, answer, (ifindex) => context.links.nameOf(ifindex))
  printAnswer(lines, answer, elapsed, context)
  return 0
}

/** The last word is the domain, the one before the type; an empty one stands for nothing. */
export function serviceName(words: readonly string[]): ServiceName {
  const [domain = '', type = '', name = ''] = words.toReversed()
  return { name, type, domain }
}

/** Texts are asked for with all three parts only, unless `--service-txt` says otherwise. */
export function serviceFlags(wordCount: number, { options }: Pick<Context, 'options'>): number {
  const wantsTexts = options.serviceTxt ?? wordCount === 3
  return (options.flags & ~FLAG.NO_SEARCH) | (wantsTexts ? 0 : FLAG.NO_TXT)
}

async function ask(lookups: Pick<BusLookups, 'service'>, asked: ServiceName, words: number, context: Context) {
  const startedAt = context.now()
  const call = lookups.service(context.ifindex, asked, context.options.family, serviceFlags(words, context))
  const answer = await saying('Resolve call failed', call)
  return { answer, elapsed: context.now() - startedAt }
}

function overVarlink({ varlink }: Context): Pick<BusLookups, 'service'> {
  return { service: (...asked) => serviceOverVarlink(varlink, ...asked) }
}
