import { ConfigFiles } from '../files/index.ts'
import type { DaemonContext } from './context.ts'
import type { ConfigWarnings, Delegate, IfIndexOf, ResolvedSettings } from '../settings/index.ts'
import {
  readDelegate,
  readNegativeTrustAnchors,
  readPositiveTrustAnchors,
  readResolvedConf,
} from '../settings/index.ts'

/** Everything that files, credentials and the kernel command line configure. */
export interface Configuration {
  readonly settings: ResolvedSettings
  readonly delegates: readonly Delegate[]
}

/** Reads all configuration; what cannot be used of it goes to `warnings`. */
export function configurationReader(
  { options, logger, environment }: DaemonContext,
  ifindexOf: IfIndexOf,
  warnings: ConfigWarnings,
) {
  const files = new ConfigFiles({ config: options.config }, logger)
  return async (): Promise<Configuration> => {
    const [boot, texts, delegateTexts, positiveTexts, negativeTexts] = await Promise.all([
      files.readBootSettings(environment.CREDENTIALS_DIRECTORY),
      files.read(),
      files.readDelegates(),
      files.readTrustAnchors('positive'),
      files.readTrustAnchors('negative'),
    ])
    const conf = readResolvedConf(texts, ifindexOf, boot)
    warnings.of('resolved.conf')(conf.warnings)
    const delegates = delegateTexts.map((source) => readDelegate(source.id, source.files, ifindexOf))
    warnings.of('delegates')(delegates.flatMap((reading) => reading.warnings))
    const positive = readPositiveTrustAnchors(positiveTexts)
    const anchored = new Set(positive.anchors.map(({ name }) => name))
    const negative = readNegativeTrustAnchors(negativeTexts, anchored)
    warnings.of('trust anchors')([...positive.warnings, ...negative.warnings])
    return {
      settings: { ...conf.settings, trustAnchors: positive.anchors, negativeTrustAnchors: negative.anchors },
      delegates: delegates.map(({ delegate }) => delegate),
    }
  }
}
