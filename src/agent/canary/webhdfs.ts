import { randomBytes } from 'node:crypto'
import type { CanaryCheck } from '../../wire/canary.js'
import { type Answer, ask } from './request.js'
import { inTurn } from './turn.js'

/**
 * Writes, reads and deletes a small file by WebHDFS (Hadoop's REST API: CREATE and OPEN lead on to a DataNode, by 307 and
 * Location). A standby NameNode refuses, and the next one is asked.
 */
export function checkWebHdfs(
  { urls, path, user }: Extract<CanaryCheck, { kind: 'webhdfs' }>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  return inTurn(urls, timeoutMs, signal, (url, signal) => writeReadDelete(url, path, user, signal))
}

async function writeReadDelete(base: string, path: string, user: string, signal: AbortSignal): Promise<void> {
  const id = randomBytes(8).toString('hex')
  const file = `${path.replace(/\/$/, '')}/canary-${id}`
  const content = Buffer.from(`bellwether canary ${id}\n`)
  const at = (op: string, more: Record<string, string> = {}) => {
    const url = new URL(`/webhdfs/v1${file.split('/').map(encodeURIComponent).join('/')}`, base)
    url.search = new URLSearchParams({ op, 'user.name': user, ...more }).toString()
    return url.href
  }
  const remove = async (signal: AbortSignal) => {
    const answer = await ask(at('DELETE'), { method: 'DELETE', signal })
    expect(answer, 200, 'deleting')
    if (parsed(answer).boolean !== true) throw new Error('deleting: the file is not there any more')
  }
  const named = await ask(at('CREATE', { overwrite: 'true', permission: '600' }), { method: 'PUT', signal })
  expect(named, 307, 'creating')
  try {
    expect(await ask(leadsTo(named), { method: 'PUT', body: content, signal }), 201, 'writing')
    const place = await ask(at('OPEN'), { signal })
    expect(place, 307, 'opening')
    const read = await ask(leadsTo(place), { signal })
    expect(read, 200, 'reading')
    if (!read.body.equals(content)) throw new Error('reading: the file does not hold what was written')
  } catch (error) {
    // What was begun is not left behind; a name is never used twice, so nothing else is hit.
    await remove(AbortSignal.timeout(2_000)).catch(() => {})
    throw error
  }
  await remove(signal)
}

function leadsTo({ location }: Answer): string {
  if (!location || !URL.canParse(location) || !/^https?:/.test(location))
    throw new Error('the NameNode names no DataNode')
  return location
}

function expect(answer: Answer, status: number, doing: string): void {
  if (answer.status === status) return
  const { RemoteException: remote } = parsed(answer) as {
    RemoteException?: { exception?: string; message?: string }
  }
  const why = remote?.exception
    ? `${remote.exception}: ${remote.message?.split('\n')[0] ?? ''}`
    : `HTTP ${answer.status}`
  throw new Error(`${doing}: ${why}`)
}

function parsed({ body }: Answer): Record<string, unknown> {
  try {
    return JSON.parse(body.toString('utf8')) ?? {}
  } catch {
    return {}
  }
}
