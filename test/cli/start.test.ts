import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { makeDataFolder } from '../../src/cli/data-folder.js'
import { settledPorts } from '../../src/cli/free-ports.js'
import { explain } from '../../src/cli/role.js'
import { settingsOfRoles } from '../../src/cli/up-roles.js'
import { agentOptions, managerOptions, monitorOptions, resolve, upOptions } from '../../src/config/index.js'
import { packagePath } from '../../src/wire/package-folder.js'
import { freePort } from '../ports.js'

const MAIN = packagePath('dist/cli/main.js')

const folder = mkdtempSync(join(tmpdir(), 'bellwether-start-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a data folder is made with those above it, for others to pass through, and taken as it is where it is there', async () => {
  const path = join(folder, 'a', 'b')
  await makeDataFolder(path)
  await makeDataFolder(path)
  expect(statSync(path).mode & 0o777).toBe(0o711)
})

test('where no folder can be made it is refused at once, and a file is no folder', async () => {
  await expect(makeDataFolder('/proc/nosuch')).rejects.toMatchObject({ code: 'ENOENT' })
  writeFileSync(join(folder, 'file'), '')
  await expect(makeDataFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(makeDataFolder(join(folder, 'file', 'data'))).rejects.toMatchObject({ code: 'ENOTDIR' })
})

test('ports that are 0 become free ones, each another; one that is in use, or asked for twice, is refused', async () => {
  expect(new Set([...(await settledPorts('127.0.0.1', [0, 0, 0])), 0]).size).toBe(4)
  // Those could be somebody else's by now.
  const [port, second] = [await freePort(), await freePort()]
  expect(await settledPorts('127.0.0.1', [port, second])).toEqual([port, second])
  await expect(settledPorts('127.0.0.1', [port, port])).rejects.toMatchObject({ code: 'EADDRINUSE', port })
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  const refused = await settledPorts('127.0.0.1', [port]).catch(explain)
  server.close()
  expect(refused).toContain(`port ${port} on 127.0.0.1 is in use`)
})

test('a name to listen on that leads nowhere is told with the name', async () => {
  expect(await settledPorts('nosuch.invalid', [0]).catch(explain)).toMatch(/nosuch\.invalid; --host takes/)
})

test('what up takes for a role reaches it', () => {
  const tokens = { monitor: 'm', senders: 's', join: 'j' }
  const { values } = resolve(upOptions, ['--graphite-port', '2003', '--scrape-config', '/s.json'], {})
  const roles = settingsOfRoles(values, '/data', '/data/logs', tokens)
  expect(roles.monitor).toMatchObject({ graphitePort: 2003, statsdPort: 'off', streamLimit: 250 })
  expect(roles.agent).toMatchObject({ scrapeConfig: '/s.json' })
  const shared = [
    [managerOptions, roles.manager],
    [monitorOptions, roles.monitor],
    [agentOptions, roles.agent],
  ] as const
  for (const [options, given] of shared)
    for (const key of Object.keys(options))
      if (key in upOptions && key !== 'help') expect([key, key in given]).toEqual([key, true])
})

test('the stack of an error that nobody expects names files and lines of src/, not of the build', () => {
  const broken = 'data:text/javascript,process.stdout.write=()=>{throw new Error("no terminal")}'
  const { stderr, status } = spawnSync(process.execPath, ['--import', broken, MAIN, 'query', '--help'], {
    encoding: 'utf8',
  })
  expect(status).toBe(1)
  const source = packagePath('src/cli/query.ts')
  const [, place = ''] = stderr.split(`(${source}:`)
  const lines = readFileSync(source, 'utf8').split('\n')
  expect(lines[Number.parseInt(place, 10) - 1], stderr).toContain('process.stdout.write(help(')
})
