export { FormError } from './form-error.ts'
export * from './header.ts'
export type { Name } from './name.ts'
export {
  concatNames,
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
