/** Only root may give priority. */
export const canGivePriority = process.getuid?.() === 0

/**
 * Words before a program: it gets the cores it needs before all that the machine does otherwise; the least number comes first, as of
 * nice(1). Nice values are compared within a session alone where the kernel shares cores by sessions (autogroup in sched(7)): so
 * the program gets a session of its own, and the session the value. Without root nothing is changed.
 */
export function withPriority(nice: number): string[] {
  if (!canGivePriority) return []
  const start = '! [ -e /proc/self/autogroup ] || echo "$1" >/proc/self/autogroup; shift; exec "$@"'
  return ['nice', '-n', String(nice), 'setsid', '--wait', 'sh', '-c', start, 'sh', String(nice)]
}
