import type { Answer, OwnKnowledge } from '../../scope/index.ts'
import { ownAnswer } from '../../scope/index.ts'
import type { ResolvedSettings } from '../../settings/index.ts'
import { answerFromHosts } from '../../synth/index.ts'
import type { ResourceRecord } from '../../wire/index.ts'
import { typeText } from '../../wire/index.ts'
import { mayAnswerOurselves } from '../permitted.ts'
import type { Query } from '../query.ts'
import type { LocalSources } from '../services.ts'
import { type AnswerSource, type SourceView, UNWANTED } from './source.ts'

/** Static records, then /etc/hosts (R-ORDER-1). */
export function fileSources(local: LocalSources, settings: () => ResolvedSettings): AnswerSource[] {
  return [
    new LocalFileSource({
      name: 'static',
      isRead: () => settings().readStaticRecords,
      find: ({ name }) => after(local.staticRecords(), (records) => knowledgeOf(records.get(name))),
    }),
    new LocalFileSource({
      name: 'hosts',
      isRead: () => settings().readEtcHosts,
      find: ({ name, types }) => after(local.hosts(), (hosts) => answerFromHosts(hosts, name, types)),
    }),
  ]
}

/** A file of names. */
interface LocalFile {
  readonly name: 'static' | 'hosts'
  /** Whether the settings let it be read. */
  isRead(): boolean
  /** What it says of a name; a promise where the file has to be looked at again. */
  find(query: Query): OwnKnowledge | undefined | Promise<OwnKnowledge | undefined>
}

/** Names that this machine has written down: before everybody else, and without asking anybody (R-HOSTS-4). */
class LocalFileSource implements AnswerSource {
  readonly name: 'static' | 'hosts'
  readonly standsBy = false
  readonly #file: LocalFile

  constructor(file: LocalFile) {
    this.name = file.name
    this.#file = file
  }

  off(query: Query): string | undefined {
    if (!this.#file.isRead()) return 'off in the settings'
    return mayAnswerOurselves(query) ? undefined : UNWANTED
  }

  ask(query: Query): Answer | undefined | Promise<Answer | undefined> {
    return after(this.#file.find(query), (found) => this.#answer(query, found))
  }

  async explain(query: Query): Promise<SourceView> {
    const found = await this.#file.find(query)
    if (found === undefined) return { decides: false, detail: 'does not have the name' }
    const types = new Set(found.records.map(({ record }) => typeText(record.type)))
    return { decides: true, detail: `has ${[...types].join(', ') || 'the name, without records'}` }
  }

  #answer({ name, flags }: Query, found: OwnKnowledge | undefined): Answer | undefined {
    return found && ownAnswer(name, found, this.name, flags)
  }
}

function knowledgeOf(records: readonly ResourceRecord[] | undefined): OwnKnowledge | undefined {
  return records && { exists: true, records: records.map((record) => ({ record, ifindex: 0 })) }
}

/** At once where nothing has to be waited for. */
function after<T, U>(value: T | Promise<T>, then: (value: T) => U): U | Promise<U> {
  return value instanceof Promise ? value.then(then) : then(value)
}
