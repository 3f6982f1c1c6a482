/** Whether an environment variable turns off what is on without it. */
export function isTurnedOff(value: string | undefined): boolean {
  return /^(?:0|n|no|f|false|off)$/i.test(value ?? '')
}
