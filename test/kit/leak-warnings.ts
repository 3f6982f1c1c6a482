import { onTestFinished, vi } from 'vitest'

/** What Node warns of from now on until the test ends, such as more than ten that wait for one signal. */
export function leakWarnings(): readonly string[] {
  const warnings: string[] = []
  const spy = vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)))
  onTestFinished(() => spy.mockRestore())
  return warnings
}
