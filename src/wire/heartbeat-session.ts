/** What a manager remembers of the last beat it took from a host. */
export interface HostSession {
  instanceId: string
  bootId: string
  sequence: number
  /** Instances before this one, newest first. */
  earlier: string[]
}

export type SessionVerdict =
  | 'new'
  | 'next'
  | 'agent-restarted'
  | 'host-restarted'
  /** Overtaken by a later beat of the same instance: not to be looked at. */
  | 'late'
  /** An instance that another one had followed is back: two hosts have this id. */
  | 'two-hosts'

const EARLIER = 8

/**
 * Who is beating, and what to remember of it; `late` and `two-hosts` change nothing.
 *
 * @example
 * const { verdict, session } = judgeSession(known, request)
 */
export function judgeSession(
  known: HostSession | undefined,
  { instanceId, bootId, sequence }: Omit<HostSession, 'earlier'>,
): { verdict: SessionVerdict; session: HostSession } {
  if (!known) return { verdict: 'new', session: { instanceId, bootId, sequence, earlier: [] } }
  if (known.instanceId === instanceId) {
    if (sequence <= known.sequence) return { verdict: 'late', session: known }
    return { verdict: 'next', session: { ...known, sequence } }
  }
  if (known.earlier.includes(instanceId)) return { verdict: 'two-hosts', session: known }
  const earlier = [known.instanceId, ...known.earlier].slice(0, EARLIER)
  const verdict = known.bootId === bootId ? 'agent-restarted' : 'host-restarted'
  return { verdict, session: { instanceId, bootId, sequence, earlier } }
}
