import type { Log } from '../base/index.ts'
import { ConfigFiles, machineSpecifiers } from '../files/index.ts'
import type { DaemonContext } from './context.ts'
import type {
  ConfigWarnings,
  Delegate,
  DnssdService,
  DnssdSpecifiers,
  IfIndexOf,
  ResolvedSettings,
} from '../settings/index.ts'
import {
  NO_SPECIFIERS,
  readDelegate,
  readDnssdService,
  readNegativeTrustAnchors,
  readPositiveTrustAnchors,
  readResolvedConf,
} from '../settings/index.ts'

/** Everything that files, credentials and the kernel command line configure. */
export interface Configuration {
  readonly settings: ResolvedSettings
  readonly delegates: readonly Delegate[]
  /** None unless multicast DNS is `yes` for the machine (SD-F-1). */
  readonly services: readonly DnssdService[]
  /** For their names. */
  readonly specifiers: DnssdSpecifiers
}

const NO_SERVICES = { services: [], specifiers: NO_SPECIFIERS }

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
      ...(conf.settings.multicastDns === 'yes' ? await readServices(files, logger, warnings) : NO_SERVICES),
      settings: { ...conf.settings, trustAnchors: positive.anchors, negativeTrustAnchors: negative.anchors },
      delegates: delegates.map(({ delegate }) => delegate),
    }
  }
}

async function readServices(files: ConfigFiles, log: Log, warnings: ConfigWarnings) {
  const [sources, specifiers] = await Promise.all([files.readDnssd(), machineSpecifiers('/', process.arch, log)])
  const readings = sources.map((source) => readDnssdService(source.id, source.files))
  warnings.of('dnssd')(readings.flatMap((reading) => reading.warnings))
  return { services: readings.flatMap(({ service }) => service ?? []), specifiers }
}
