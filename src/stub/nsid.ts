import { createHmac } from 'node:crypto'

/** A name of this resolver that tells machines apart without giving the machine id away (R-STUB-16). */
export function nsid(machine: string | undefined): string {
  const digest = createHmac('sha256', machine ?? '')
    .update('tsresolved nsid')
    .digest('hex')
  return `${digest.slice(0, 32)}.resolved.systemd.io`
}
