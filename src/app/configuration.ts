import { ConfigFiles } from '../files/index.ts'
import type { DaemonContext } from './context.ts'
import type { Delegate, IfIndexOf, Problem, ResolvedSettings } from '../settings/index.ts'
import { problemText, readDelegate, readNegativeTrustAnchors, readResolvedConf } from '../settings/index.ts'

/** Everything that files, credentials and the kernel command line configure. */
export interface Configuration {
  readonly settings: ResolvedSettings
  readonly delegates: readonly Delegate[]
}

/** Reads all configuration; each problem is one warning that names its place. */
export function configurationReader({ options, logger, environment }: DaemonContext, ifindexOf: IfIndexOf) {
  const files = new ConfigFiles({ config: options.config }, logger)
  const report = (problems: readonly Problem[]) => {
    for (const problem of problems) logger.warning(problemText(problem))
  }
  return async (): Promise<Configuration> => {
    const early = await files.readEarlySettings(environment.CREDENTIALS_DIRECTORY)
    const { settings, problems } = readResolvedConf(await files.read(), ifindexOf, early)
    report(problems)
    const delegates = (await files.readDelegates()).map((source) => readDelegate(source.id, source.files, ifindexOf))
    for (const reading of delegates) report(reading.problems)
    const { anchors, problems: badAnchors } = readNegativeTrustAnchors(await files.readNegativeTrustAnchors())
    report(badAnchors)
    return {
      settings: { ...settings, negativeTrustAnchors: anchors },
      delegates: delegates.map(({ delegate }) => delegate),
    }
  }
}
