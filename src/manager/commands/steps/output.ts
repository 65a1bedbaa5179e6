import { randomUUID } from 'node:crypto'
import type { Core } from '../../core.js'
import type { Receiver } from '../../heartbeats/index.js'
import type { Output, StepContext } from '../context.js'

/** Kept of each of the two. */
const MAX_BYTES = 64 * 1024
/** An agent answers with its next beat, which is held for such a moment. */
const TIMEOUT_MS = 5_000

/** Asks the agent of a host for it; what cannot be had is empty. */
export function outputReader(receiver: Pick<Receiver, 'command'>): StepContext['outputOf'] {
  return async (hostId, processId, signal) => {
    const ask = async (file: 'stdout' | 'stderr') => {
      const bound = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
      const command = { id: randomUUID(), kind: 'tail', processId, file, maxBytes: MAX_BYTES } as const
      return receiver.command(hostId, command, bound).then(
        ({ output }) => output ?? '',
        () => '',
      )
    }
    const [stdout, stderr] = await Promise.all([ask('stdout'), ask('stderr')])
    return { stdout, stderr }
  }
}

/** As it is stored with a step: sealed, since programs print what they like. */
export function sealOutput({ keys }: Core, output: Output): string {
  return output.stdout === '' && output.stderr === ''
    ? ''
    : keys.seal(JSON.stringify(output), 'process').toString('base64')
}

/** Undefined where there was none. */
export function openOutput({ keys }: Core, sealed: unknown): Output | undefined {
  if (typeof sealed !== 'string' || sealed === '') return undefined
  return JSON.parse(keys.open(Buffer.from(sealed, 'base64'), 'process').toString())
}

export const lastLine = (text: string) => (text.trimEnd().split('\n').at(-1) ?? '').trim().slice(0, 300)
