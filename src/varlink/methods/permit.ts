import type { Authority, Operation } from '../../control/index.ts'
import { interactionRequired, permissionDenied } from '../errors.ts'
import type { PeerProcess } from '../ports.ts'
import { callerOf } from '../connection/service.ts'

/** Who calls, and until when it matters. */
export interface PermitCall {
  readonly peer: PeerProcess | undefined
  readonly signal: AbortSignal
}

/** Resolves when the caller may do this. @throws {VarlinkError} when not, the signal's reason when the caller left */
export async function permit(
  authority: Authority,
  operation: Operation,
  mayAsk: boolean | undefined,
  call: PermitCall,
): Promise<void> {
  const verdict = await authority.authorize(operation, callerOf(call.peer), undefined, mayAsk ?? false, call.signal)
  if (verdict === 'needs-interaction') throw interactionRequired()
  if (verdict !== 'allowed') throw permissionDenied()
  call.signal.throwIfAborted()
}

/** A subscription has no last reply: it ends, by rejecting, when the client leaves. */
export function untilGone(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason as Error)
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}
