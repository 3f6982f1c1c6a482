import { extendedErrorName } from '../../wire/index.ts'

/** ` (NAME: extra text)` behind a failure; empty without a code. */
export function extendedErrorSuffix(code: number | undefined, message: string | undefined): string {
  if (code === undefined) return ''
  const name = extendedErrorName(code)
  return message === undefined || message === '' ? ` (${name})` : ` (${name}: ${message})`
}
