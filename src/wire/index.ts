/**
 * DNS messages as bytes: header, names, questions, records, OPT; the presentation forms of names, types and rdata; and
 * what may be done to a message without taking it apart. Bytes and values come in, bytes, values and `FormError` go out.
 * It keeps nothing, and knows neither servers, caches and clients nor the time.
 *
 * Names that came from others keep their bytes and letters: `Name` is the lower-case text that lookups compare, `owner`
 * and `rdata` are wire form with every compression pointer expanded. Types without a layout are bytes (RFC 3597).
 */
export { FormError } from './form-error.ts'
export * from './header.ts'
export type { Name } from './name.ts'
export {
  concatNames,
  endOfName,
  expandName,
  isSingleLabel,
  isWithin,
  labelCount,
  labelsOf,
  MAX_LABEL_LENGTH,
  nameOf,
  nameOfWire,
  parentOf,
  parseName,
  readName,
  ROOT,
  skipName,
  textOfWire,
  wireOfName,
  wireOfText,
} from './name.ts'
export { CLASS, classText, parseClass, parseType, RCODE, rcodeText, TYPE, typeMnemonics, typeText } from './numbers.ts'
export type { ComposeLimits, MessageParts } from './compose.ts'
export { compose, composeQuestion } from './compose.ts'
export type { EdnsOption, ExtendedError, Opt } from './edns.ts'
export { extendedErrorOf, extendedErrorOption, OPTION, wireOfOpt } from './edns.ts'
export type { HopReply } from './hop-options.ts'
export {
  cookieIn,
  cookieOption,
  isSigned,
  takesOption,
  withHopOptions,
  withoutHopOptions,
  withoutOpt,
  withOwnOption,
} from './hop-options.ts'
export type { Message } from './message.ts'
export { parseMessage } from './message.ts'
export type { Question } from './question.ts'
export { questionKey, questionText, readQuestion, readQuestions } from './question.ts'
export type { AskedName, Spelling } from './spelling.ts'
export {
  completedSpelling,
  foldOwners,
  foldQuestion,
  isSpelledAlike,
  mixCase,
  parseAskedName,
  spellingIn,
  writtenName,
} from './spelling.ts'
export type { ResourceRecord, Section } from './record.ts'
export { isSameRecord, lowerCaseNames, recordOf, targetOf, wireOfRecord } from './record.ts'
export { addressOfReverseName, reverseNameOf } from './reverse.ts'
export type { RecordView } from './scan.ts'
export { scanRecords, skipQuestions } from './scan.ts'
export { octalEscaped } from './escape.ts'
export type { RdataField } from './rdata-fields.ts'
export type { ServiceBinding } from './service-binding.ts'
export { serviceBindingOf } from './service-binding.ts'
export { SERVICE_PARAM } from './service-params.ts'
export { fieldsOf } from './rdata-fields.ts'
export type { Json, RecordKey } from './rdata-json.ts'
export { recordJson } from './rdata-json.ts'
export { algorithmText, rdataText, rdataWords } from './rdata-text.ts'
export type { ReadMessage } from './recompose.ts'
export { answerTo, asNodata, recomposed, withPlainTtls } from './recompose.ts'
export type { Redirect } from './chain.ts'
export { matches, MAX_REDIRECTS, mayBeRedirected, redirectFrom } from './chain.ts'
export type { RelayEdit } from './edit.ts'
export {
  age,
  hasUnaskedDnssecRecords,
  isAddress,
  isDnssecType,
  isSameSet,
  relay,
  setTtls,
  shuffleAddresses,
} from './edit.ts'
export { ttlOf } from './ttl.ts'
export { isReplyTo } from './match.ts'
export { isObsoleteType, isUnaskableType, isZoneTransfer } from './askable.ts'
export { toAscii, toUnicode } from './idna.ts'
export { frame, StreamFramer } from './stream-framer.ts'
export { extendedErrorName } from './extended-error-name.ts'
