import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bodyOf, decodeBatch, startReceiver, temporaryFolder, until } from './support.js'

describe('the built agent, killed', () => {
  const script = new URL('./run-agent.mjs', import.meta.url).pathname

  async function run(options: object): Promise<ChildProcess> {
    if (!existsSync(new URL('../../dist/agent/index.js', import.meta.url)))
      throw new Error('dist is missing: run "npm run build" first')
    const child = spawn(process.execPath, [script, JSON.stringify(options)], {
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

  it('by SIGKILL again and again, loses nothing that was in its spool and sends no round in two versions', async () => {
    const dataDir = temporaryFolder()
    // A port on which nothing listens yet.
    const holder = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => holder.once('listening', resolve))
    const { port } = holder.address() as AddressInfo
    await new Promise((resolve) => holder.close(resolve))
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
  }, 60_000)
})
