import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../ports.js'
import { bodyOf, decodeBatch, startReceiver, temporaryFolder, until } from './support.js'

describe('the built agent, as a process', () => {
  const script = new URL('./run-agent.mjs', import.meta.url).pathname

  async function run(options: object, before: string[] = []): Promise<ChildProcess> {
    if (!existsSync(new URL('../../dist-modules/agent/index.js', import.meta.url)))
      throw new Error('dist is missing: run "npm run build" first')
    const [command, ...words] = [...before, process.execPath, script, JSON.stringify(options)]
    const child = spawn(command!, words, {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    let output = ''
    child.stdout!.on('data', (chunk) => (output += chunk))
    await until(() => output.startsWith('started') || child.exitCode !== null, 'the agent to start')
    return child
  }

  const ended = (child: ChildProcess) =>
    new Promise<number | null>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode)
      else child.once('exit', (code) => resolve(code))
    })

  it('killed by SIGKILL again and again, loses nothing that was in its spool and sends no round in two versions', async () => {
    const dataDir = temporaryFolder()
    // Nothing listens on it yet.
    const port = await freePort()
    const options = { dataDir, monitorUrl: `http://127.0.0.1:${port}`, intervalMs: 1000, statusPort: 0 }

    const spooled = () => {
      const file = join(dataDir, 'spool', '000000000000001.spool')
      return existsSync(file) ? readFileSync(file).toString('latin1').split('BWSP').length - 1 : 0
    }
    let waiting = 0
    for (let life = 0; life < 3; life++) {
      const child = await run(options)
      await until(() => spooled() >= waiting + 2, 'two rounds in the spool')
      child.kill('SIGKILL')
      await ended(child)
      waiting = spooled()
    }
    expect(waiting).toBeGreaterThanOrEqual(6)

    // The answers to the first ones are lost: the agent has to send them again.
    let answers = 0
    const receiver = await startReceiver((response, _, request) => {
      if (answers++ < 2) request.socket.destroy()
      else response.end('{}')
    }, port)
    const child = await run(options)
    await until(() => receiver.received.length >= 2, 'the first attempts')
    child.kill('SIGKILL')
    await ended(child)
    const last = await run(options)
    const versions = new Map<number, Set<string>>()
    const note = () => {
      versions.clear()
      for (const one of receiver.received) {
        const { body } = one
        const time = decodeBatch(bodyOf(one)).samples[0]!.time
        versions.set(time, (versions.get(time) ?? new Set()).add(body.toString('base64')))
      }
      return versions.size
    }
    await until(() => note() > waiting, 'all that waited and a new round')
    expect([...versions.values()].every((one) => one.size === 1)).toBe(true)
    const firstSeen = [...versions.keys()]
    expect(firstSeen).toEqual([...firstSeen].sort((a, b) => a - b))
    last.kill('SIGTERM')
    expect(await ended(last)).toBe(0)
  }, 120_000)

  it.skipIf(process.getuid?.() !== 0 || !existsSync('/dev/fuse'))(
    'beside a file system that hangs (FUSE; needs root and /dev/fuse) sends the rest, leaves nothing behind, and ends when told to',
    async () => {
      const folder = temporaryFolder()
      const receiver = await startReceiver()
      const options = {
        dataDir: temporaryFolder(),
        monitorUrl: receiver.url,
        intervalMs: 1000,
        statusPort: -1,
      }
      // A FUSE file system that nobody serves, in a mount namespace of its own: nobody else on this machine hangs.
      const mount = 'mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 hang "$1"'
      const child = await run(options, [
        ...['unshare', '-m', 'sh', '-c', `exec 3<>/dev/fuse && ${mount} && shift && exec "$@"`, 'sh', folder],
      ])
      await until(() => receiver.received.length >= 5, 'five rounds')
      for (const one of receiver.received) {
        const { samples } = decodeBatch(bodyOf(one))
        const of = (metric: string, at: string) =>
          samples.find((sample) => sample.metric === metric && sample.entity.endsWith(`:${at}`))?.value
        expect(of('filesystem_not_responding', folder)).toBe(1)
        expect(of('capacity', folder)).toBeUndefined()
        expect(of('capacity', '/')).toBeGreaterThan(0)
      }
      await until(() => childrenOf(child.pid!).length === 0, 'the killed processes to be gone')
      const began = Date.now()
      child.kill('SIGTERM')
      expect(await ended(child)).toBe(0)
      expect(Date.now() - began).toBeLessThan(30_000)
    },
  )
})

const childrenOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
