import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Values } from '../../../src/manager/descriptors/index.js'
import { generateRole, generateRoleCommand } from '../../../src/manager/generate/index.js'
import { inputFor, ourType, serviceOf } from './support/model.js'
import { materialise, start } from './support/run.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bw-scripts-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function run(type: string, role: string, config: Values, env: Record<string, string> = {}) {
  const service = serviceOf(await ourType(type), { roles: [{ type: role, hostname: 'h1', config }] })
  const process = generateRole(await inputFor(service))
  const directory = join(folder, 'process')
  materialise(process, directory)
  const started = start({ ...process, environment: { ...process.environment, ...env } }, directory)
  return { status: await started.ended, output: started.output(), directory }
}

/** A program that says what it was given. */
function teller(): string {
  const path = join(folder, 'tell.mjs')
  const text = `#!${process.execPath}
console.log(JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd(), env: process.env }))
process.exit(7)
`
  writeFileSync(path, text, { mode: 0o755 })
  return path
}

describe('a plain process', () => {
  test('gets its arguments as they are, its environment and its working directory', async () => {
    const { status, output } = await run('PROCESS', 'INSTANCE', {
      command: teller(),
      arguments: 'two words\n$HOME `id` *\n\'"\\',
      working_directory: folder,
      INSTANCE_role_env_safety_valve: 'GREETING=hello  world',
    })
    expect(status).toBe(7)
    const told = JSON.parse(output)
    expect(told.args).toEqual(['two words', '$HOME `id` *', `'"\\`])
    expect(told.cwd).toBe(folder)
    expect(told.env.GREETING).toBe('hello  world')
    expect(Object.keys(told.env).filter((name) => name.startsWith('PROCESS_'))).toEqual([])
  })

  test('without arguments it gets none, and runs in the process directory', async () => {
    const { output, directory } = await run('PROCESS', 'INSTANCE', { command: teller() })
    expect(JSON.parse(output)).toMatchObject({ args: [], cwd: directory })
  })

  test('a program that is not there says so', async () => {
    const { status, output } = await run('PROCESS', 'INSTANCE', { command: '/gone' })
    expect(status).toBe(127)
    expect(output).toContain("The program '/gone' does not exist or may not be executed")
  })
})

describe('our own roles', () => {
  test('run from the installation of the agent; what is not set is not in the environment', async () => {
    const { output } = await run(
      'MGMT',
      'MONITOR',
      { monitor_port: '7200', clickhouse_password: 'pw' },
      { BELLWETHER_MAIN: teller(), BELLWETHER_NODE: process.execPath },
    )
    const told = JSON.parse(output)
    expect(told.args).toEqual(['monitor'])
    expect(told.env).toMatchObject({
      BELLWETHER_MONITOR_PORT: '7200',
      BELLWETHER_CLICKHOUSE_PASSWORD: 'pw',
      BELLWETHER_DATA: '/var/lib/bellwether/monitor',
      BELLWETHER_HOSTNAME: 'h1',
    })
    expect(told.env).not.toHaveProperty('BELLWETHER_CLICKHOUSE_URL')
  })

  test('the alert publisher is told where the monitor is', async () => {
    const { output } = await run('MGMT', 'ALERTPUBLISHER', {}, { BELLWETHER_MAIN: teller() })
    expect(JSON.parse(output)).toMatchObject({
      args: ['alert-publisher'],
      env: { BELLWETHER_MONITOR_URL: 'http://127.0.0.1:7190/' },
    })
  })
})

describe('a directory in HDFS', () => {
  /** Hadoop's program, as far as it is asked: it notes what it is told, and has the directories that there are files for. */
  const hadoop = () => {
    const script = `#!/bin/sh
shift 2
echo "$@" >> ${folder}/told
[ "$2" != -test ] || exec test -e "${folder}/hdfs$4"
`
    mkdirSync(join(folder, 'hadoop/bin'), { recursive: true })
    writeFileSync(join(folder, 'hadoop/bin/hdfs'), script, { mode: 0o755 })
    const exit = { mode: 0o755 }
    mkdirSync(join(folder, 'java/bin'), { recursive: true })
    writeFileSync(join(folder, 'java/bin/java'), '#!/bin/sh\n', exit)
    return { HADOOP_HOME: join(folder, 'hadoop'), JAVA_HOME: join(folder, 'java') }
  }
  const make = async (path: string | undefined) => {
    const type = await ourType('HDFS')
    const service = serviceOf(type, { roles: [{ type: 'NAMENODE', hostname: 'h1' }] })
    const command = type.roles
      .find(({ type }) => type === 'NAMENODE')!
      .commands.find(({ makesDirectories }) => makesDirectories)!
    const process = generateRoleCommand(await inputFor(service), command)
    const directory = join(folder, 'process')
    materialise(process, directory)
    const environment = {
      ...process.environment,
      ...hadoop(),
      ...(path && {
        HDFS_DIRECTORY_PATH: path,
        HDFS_DIRECTORY_OWNER: 'a:b',
        HDFS_DIRECTORY_PERMISSIONS: '1777',
      }),
    }
    const started = start({ ...process, environment }, directory)
    return { status: await started.ended, output: started.output() }
  }
  const told = () => readFileSync(join(folder, 'told'), 'utf8').trim().split('\n')

  test('is made with its rights and its owner', async () => {
    const { status, output } = await make('/user/two words')
    expect(status, output).toBe(0)
    expect(told()).toEqual([
      'dfsadmin -safemode wait',
      'dfs -test -d /user/two words',
      'dfs -mkdir -p /user/two words',
      'dfs -chmod 1777 /user/two words',
      'dfs -chown a:b /user/two words',
    ])
  })

  test('that is there stays as it is', async () => {
    mkdirSync(join(folder, 'hdfs/user'), { recursive: true })
    expect((await make('/user')).status).toBe(0)
    expect(told()).toHaveLength(2)
  })

  test('without a name is refused', async () => {
    const { status, output } = await make(undefined)
    expect(status).not.toBe(0)
    expect(output).toContain('services that need a directory')
  })
})

describe('ZooKeeper’s data folder', () => {
  const java = () => {
    mkdirSync(join(folder, 'java/bin'), { recursive: true })
    writeFileSync(join(folder, 'java/bin/java'), '#!/bin/sh\nfor a in "$@"; do echo "[$a]"; done\n', {
      mode: 0o755,
    })
    mkdirSync(join(folder, 'zk/lib'), { recursive: true })
    writeFileSync(join(folder, 'zk/lib/zookeeper-3.9.9.jar'), '')
    return { JAVA_HOME: join(folder, 'java'), ZOOKEEPER_HOME: join(folder, 'zk') }
  }
  const config = () => ({
    serverId: '2',
    dataDir: join(folder, 'data'),
    dataLogDir: join(folder, 'data'),
    log_dir: join(folder, 'log'),
    zk_server_java_opts: '-Da=1  -Db=2',
  })

  test('gets its number, and Java its options one by one', async () => {
    const { status, output, directory } = await run('ZOOKEEPER', 'SERVER', config(), java())
    expect(status, output).toBe(0)
    expect(readFileSync(join(folder, 'data/myid'), 'utf8')).toBe('2\n')
    for (const word of ['[-Xmx1073741824]', '[-XX:+ExitOnOutOfMemoryError]', '[-Da=1]', '[-Db=2]'])
      expect(output).toContain(word)
    expect(output).toContain(`[${directory}/zoo.cfg]`)
    expect(output).toContain(`${folder}/zk/lib/*`)
  })

  test('of another server is not taken over', async () => {
    mkdirSync(join(folder, 'data'))
    writeFileSync(join(folder, 'data/myid'), '1\n')
    const { status, output } = await run('ZOOKEEPER', 'SERVER', config(), java())
    expect(status).toBe(1)
    expect(output).toContain('is the data of server 1, not 2')
    expect(readFileSync(join(folder, 'data/myid'), 'utf8')).toBe('1\n')
  })

  test('that has the link of Debian’s package is put right', async () => {
    mkdirSync(join(folder, 'data'))
    writeFileSync(join(folder, 'example'), 'replace this text with the cluster-unique id\n')
    symlinkSync(join(folder, 'example'), join(folder, 'data/myid'))
    const { status } = await run('ZOOKEEPER', 'SERVER', config(), java())
    expect(status).toBe(0)
    expect(readFileSync(join(folder, 'data/myid'), 'utf8')).toBe('2\n')
    expect(readFileSync(join(folder, 'example'), 'utf8')).toContain('replace this text')
  })
})
