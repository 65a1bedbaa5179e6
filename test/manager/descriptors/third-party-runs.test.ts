import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadDescriptors, type ServiceDescriptor } from '../../../src/manager/descriptors/index.js'
import {
  generateClientConfig,
  generateRole,
  generateRoleCommand,
} from '../../../src/manager/generate/index.js'
import { greeterJar } from './support/jar.js'
import { inputFor, serviceOf } from './support/model.js'
import { eventually, freePorts, materialise, start } from './support/run.js'

let folder: string
let greeter: ServiceDescriptor

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bw-greeter-'))
  mkdirSync(join(folder, 'csd'))
  writeFileSync(join(folder, 'csd/GREETER-1.0.jar'), greeterJar())
  const set = await loadDescriptors([{ path: join(folder, 'csd') }])
  expect(set.refused).toEqual([])
  greeter = set.descriptors[0]!
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a third-party jar starts, answers, runs its command and stops', async () => {
  const [port] = await freePorts(1)
  const service = serviceOf(greeter, {
    config: { plain_secret: 's3cret', api_key: "it's" },
    roles: [
      { type: 'GREETER_SERVER', hostname: 'h1.example.com', config: { port_num: String(port) } },
      { type: 'GREETER_SERVER', hostname: 'h2.example.com' },
    ],
  })
  const input = await inputFor(service)
  const directory = join(folder, 'process/1-greeter-GREETER_SERVER')
  const process = generateRole(input)
  materialise(process, directory)
  const server = start(process, directory)
  try {
    const answer = await eventually(
      () => `no answer: ${server.output()}`,
      async () => (await fetch(`http://127.0.0.1:${port}/`)).json() as Promise<Answer>,
      20_000,
    )
    expect(answer.pid, 'the script became the server').toBe(server.child.pid)
    expect(answer.cwd).toBe(directory)
    expect(answer.hostlist).toBe(`h1.example.com greeter.port ${port}\nh2.example.com greeter.port 8080\n`)
    expect(answer.environment).toMatchObject({
      TEST_MESSAGE: 'Hello from h1.example.com, run by greeter:greeter',
      BACKGROUND_COLOR: '#d2d2d2',
      KNOX: 'none',
      LINEAGE: 'false',
      CDH_VERSION: '7',
      CONF_DIR: directory,
      COMMON_SCRIPT: `${directory}/common/cloudera-config.sh`,
    })
    // The first step has told the file where its script is; the script prints the password.
    const script = /^api\.key\.script=(.*)$/m.exec(answer.params)![1]!
    expect(script).toBe(`${directory}/altscripts/api_key.sh`)
    expect(execFileSync(script, { encoding: 'utf8' })).toBe("it's\n")

    const command = generateRoleCommand(input, greeter.roles[0]!.commands[0]!)
    const commandDirectory = join(folder, 'process/2-greeter-GREETER_SERVER')
    materialise(command, commandDirectory)
    const run = start(command, commandDirectory)
    expect(command.expectedExitCodes).toContain(await run.ended)
    expect(run.output()).toContain(`port ${port}`)
  } finally {
    server.child.kill('SIGTERM')
  }
  expect(await server.ended).toBe('SIGTERM')
}, 120_000)

test('client configuration is made by the script and names the place it goes to', async () => {
  const service = serviceOf(greeter, { roles: [{ type: 'GREETER_SERVER' }, { type: 'GATEWAY' }] })
  const process = generateClientConfig(await inputFor(service, 1))
  expect(process.clientConfig).toEqual({
    folder: 'greeter-conf',
    destination: '/etc/greeter/conf.bellwether.greeter',
    link: '/etc/greeter/conf',
    alternative: 'greeter-conf',
    priority: 50,
  })
  const directory = join(folder, 'process/3-greeter-client')
  materialise(process, directory)
  const run = start(process, directory)
  expect(await run.ended, run.output()).toBe(0)
  expect(readFileSync(join(directory, 'greeter-conf/made.txt'), 'utf8')).toBe(
    'made for /etc/greeter/conf.bellwether.greeter by someone with arg1\n',
  )
  const xml = readFileSync(join(directory, 'greeter-conf/client.xml'), 'utf8')
  expect(xml).toContain('<value>/etc/greeter/conf.bellwether.greeter</value>')
  expect(xml).not.toContain('client_unset')
  expect(readFileSync(join(directory, 'greeter-conf/servers.properties'), 'utf8')).toBe(
    'h1.example.com:greeter.port=8080\n',
  )
})

interface Answer {
  readonly pid: number
  readonly cwd: string
  readonly hostlist: string
  readonly params: string
  readonly environment: Record<string, string>
}
