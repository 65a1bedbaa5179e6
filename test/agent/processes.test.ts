import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { startManagedAgent } from './managed-agent.js'
import { startManager, state, wanted } from './manager-stand-in.js'
import { until } from './support.js'

describe('an agent with a manager', () => {
  it('starts what is wanted, in a folder of its own, and stops what no longer is', async () => {
    const manager = await startManager()
    const agent = await startManagedAgent(manager)
    await until(() => manager.requests.length > 0, 'a first beat')
    expect(manager.requests[0]!.facts).toMatchObject({ cores: expect.any(Number) })
    const began = performance.now()
    manager.want(
      state([
        wanted(1, 'scripts/run.sh', ['a b', '$HOME'], {
          environment: { GREETING: 'hello' },
          files: [
            { path: 'scripts/run.sh', mode: '0755', content: '#!/bin/sh\necho "$GREETING $1 $2 $PWD"\nexec sleep 1000\n' },
            { path: 'conf/secret.properties', mode: '0600', base64: Buffer.from('a=b').toString('base64') },
          ],
        }),
      ]),
    )
    const report = await manager.see(1, ({ pid }) => pid !== undefined)
    expect(performance.now() - began).toBeLessThan(2000)
    const folder = agent.folder(1)
    await until(() => agent.log(1) !== '', 'its log')
    expect(agent.log(1)).toBe(`hello a b $HOME ${folder}\n`)
    expect(agent.mode(folder)).toBe(0o751)
    expect(agent.mode(`${folder}/conf/secret.properties`)).toBe(0o600)
    expect(readFileSync(`/proc/${report.pid}/cmdline`, 'utf8')).toBe('sleep\x001000\0')
    await manager.see(1, ({ state }) => state === 'RUNNING')
    manager.want(state([]))
    await until(() => !agent.runs(report.pid!), 'its end')
    await until(() => manager.process(1) === undefined, 'it to be forgotten')
    const ended = manager.requests.flatMap(({ processes }) => processes.filter(({ state }) => state === 'STOPPED'))
    expect(ended[0]).toMatchObject({ id: 1, exit: { signal: 'SIGTERM' } })
  })
})
