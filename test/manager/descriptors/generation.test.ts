import { beforeAll, describe, expect, test } from 'vitest'
import { describeBundle, type ServiceDescriptor, token } from '../../../src/manager/descriptors/index.js'
import {
  collectionTargets,
  GenerationError,
  generateRole,
  generateRoleCommand,
  generateStop,
  MASK,
  shownProcess,
} from '../../../src/manager/generate/index.js'
import { metricsToken } from '../../../src/wire/port-tokens.js'
import { bundle, describeSdl, sdl } from './support/bundle.js'
import { readGreeter } from './support/jar.js'
import { fileText, inputFor, ourType, type ServiceSpec, serviceOf } from './support/model.js'

let greeter: ServiceDescriptor
beforeAll(async () => {
  greeter = await readGreeter()
})

async function generate(descriptor: ServiceDescriptor, spec: ServiceSpec, index = 0) {
  return generateRole(await inputFor(serviceOf(descriptor, spec), index))
}

const roles = [{ type: 'GREETER_SERVER', hostname: 'h1.example.com' }]

describe('the files of a role', () => {
  test('properties hold every parameter in scope under its configName, the service’s first', async () => {
    const { files } = await generate(greeter, { roles })
    expect(fileText(files, 'params.properties')).toBe(
      [
        `service.motto.config=this looks like ${token('host')} but is not`,
        'service.workers=20',
        'super_users=alice;bob',
        'greeter.port=8080',
        'log.dir=/tmp/greeter-log',
        '',
      ].join('\n'),
    )
  })

  test('XML holds what is listed, then the additional entries, then the safety valve', async () => {
    const valve = '<property><name>own</name><value>1</value></property>'
    const { files } = await generate(greeter, {
      groups: { GREETER_SERVER: { 'conf/live.xml_role_safety_valve': valve } },
      roles,
    })
    expect(fileText(files, 'conf/live.xml')).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<configuration>
  <property>
    <name>service.workers</name>
    <value>20</value>
  </property>
  <property>
    <name>#listeners</name>
    <value>{{LISTENERS}}</value>
  </property>
  <property>
    <name>greeter.8080.name</name>
    <value>h1.example.com</value>
  </property>
${valve}
</configuration>
`)
  })

  test('flags, peers, copies and empty files', async () => {
    const { files } = await generate(greeter, {
      groups: { GREETER_SERVER: { 'greeter-env.sh_role_safety_valve': 'export MORE=1' } },
      roles: [
        { type: 'GREETER_SERVER', hostname: 'b.example.com' },
        { type: 'GREETER_SERVER', hostname: 'a.example.com', config: { port_num: '1' } },
      ],
    })
    expect(fileText(files, 'greeter.gflags')).toBe('-super_users=alice;bob\n-greeter.port=8080\n')
    expect(fileText(files, 'peers.properties')).toBe(
      'a.example.com:greeter.port=1\nb.example.com:greeter.port=8080\n',
    )
    expect(fileText(files, 'greeter-env.sh')).toBe('export GREETER_ENV=1\nexport MORE=1\n')
    expect(fileText(files, 'empty.conf')).toBe('')
    expect(files.map((each) => each.path)).not.toContain('future.toml')
  })

  test('log4j has the appender RFA with a line for each key, and the directory under its template’s names', async () => {
    const { files } = await generate(greeter, {
      roles: [{ ...roles[0]!, config: { log_threshold: 'WARN', log4j_safety_valve: 'log4j.logger.x=OFF' } }],
    })
    const lines = fileText(files, 'log4j.properties').split('\n')
    for (const line of [
      'log.threshold=WARN',
      'log.dir=/tmp/greeter-log',
      'log.file=greeter-h1.example.com.log',
      'max.log.file.size=200MB',
      'max.log.file.backup.index=10',
      'log4j.appender.RFA.layout.ConversionPattern=%d{ISO8601} %p %c: %m%n',
      'log4j.logger.noisy=WARN',
    ])
      expect(lines).toContain(line)
    expect(lines.at(-2)).toBe('log4j.logger.x=OFF')
  })

  test('scripts and aux files of the jar and the common library are there, and can be run', async () => {
    const { files, program, args } = await generate(greeter, { roles })
    const modes = new Map(files.map((each) => [each.path, each.mode]))
    expect(modes.get('scripts/control.sh')).toBe(0o755)
    expect(modes.get('common/run.sh')).toBe(0o755)
    expect(modes.get('aux/server.cjs')).toBe(0o644)
    expect(modes.get('params.properties')).toBe(0o640)
    expect([program, ...args]).toEqual([
      'common/run.sh',
      'role',
      'scripts/control.sh',
      'start',
      './params.properties',
      './peers.properties',
    ])
  })

  test('logback has a configuration of its own, and its safety valve takes its place', async () => {
    const { descriptor } = describeSdl(
      sdl(
        {},
        { logging: { dir: '/l', filename: 'a.log', loggingType: 'logback', configFilename: 'c/lb.xml' } },
      ),
    )
    const spec = { roles: [{ type: 'DEMO_SERVER' }] }
    expect(fileText((await generate(descriptor!, spec)).files, 'c/lb.xml')).toContain('<file>/l/a.log</file>')
    const own = { roles: [{ type: 'DEMO_SERVER', config: { logback_safety_valve: '<configuration/>' } }] }
    expect(fileText((await generate(descriptor!, own)).files, 'c/lb.xml')).toBe('<configuration/>')
  })

  test('the same input gives the same bytes, in whatever order the roles come', async () => {
    const three = ['c', 'a', 'b'].map((name) => ({ type: 'GREETER_SERVER', name, hostname: 'h1' }))
    const one = await generate(greeter, { roles: three })
    const again = await generate(greeter, { roles: three })
    const turned = await generate(greeter, { roles: [three[0]!, three[2]!, three[1]!] })
    expect(again).toEqual(one)
    expect(turned).toEqual(one)
  })
})

describe('the environment and limits of a role', () => {
  test('safety valves win over the runner: first the service’s, then the role’s', async () => {
    const { environment } = await generate(greeter, {
      config: { GREETER_service_env_safety_valve: 'TEST_MESSAGE=from the service\nA=1\nB=1' },
      groups: { GREETER_SERVER: { GREETER_SERVER_role_env_safety_valve: 'B=2' } },
      roles,
    })
    expect(environment).toMatchObject({ TEST_MESSAGE: 'from the service', A: '1', B: '2', CDH_VERSION: '7' })
  })

  test('parcels, of which each has a name and a script', async () => {
    const input = await inputFor(serviceOf(greeter, { roles }))
    const directories = ['a', 'b'].map((name) => ({ name, definesScript: `/p/${name}/meta/${name}_env.sh` }))
    expect(generateRole({ ...input, parcels: { root: '/p', directories } }).environment).toMatchObject({
      PARCELS_ROOT: '/p',
      PARCEL_DIRNAMES: 'a:b',
      SCM_DEFINES_SCRIPTS: '/p/a/meta/a_env.sh:/p/b/meta/b_env.sh',
    })
    expect(generateRole(input).environment).not.toHaveProperty('PARCELS_ROOT')
  })

  test('a JVM gets its options for the case that memory runs out', async () => {
    const zookeeper = await ourType('ZOOKEEPER')
    const config = { serverId: '1', oom_heap_dump_enabled: 'true', oom_heap_dump_dir: '/dumps/' }
    const { environment, directories } = await generate(zookeeper, { roles: [{ type: 'SERVER', config }] })
    expect(environment.CSD_JAVA_OPTS).toBe(
      '-XX:+HeapDumpOnOutOfMemoryError -XX:HeapDumpPath=/dumps/zookeeper_SERVER_pid{{PID}}.hprof -XX:+ExitOnOutOfMemoryError',
    )
    expect(directories).toEqual([
      { path: '/var/lib/zookeeper', user: 'zookeeper', group: 'zookeeper', mode: 0o750 },
      { path: '/var/log/zookeeper', user: 'zookeeper', group: 'zookeeper', mode: 0o755 },
    ])
  })

  test('glog is told by variables', async () => {
    const { descriptor } = describeSdl(
      sdl({}, { logging: { dir: '/l', filename: 'a.INFO', loggingType: 'glog' } }),
    )
    const { environment, files } = await generate(descriptor!, {
      roles: [{ type: 'DEMO_SERVER', config: { minloglevel: '1' } }],
    })
    expect(environment).toMatchObject({ GLOG_log_dir: '/l', GLOG_minloglevel: '1', GLOG_max_log_size: '200' })
    expect(files.filter((each) => each.origin === 'GENERATED')).toEqual([])
  })

  test('limits, restart policy and time-outs are those configured', async () => {
    const process = await generate(greeter, {
      roles: [
        {
          ...roles[0]!,
          config: {
            rm_memory_hard_limit: '512',
            rm_cpu_shares: '2048',
            rlimit_fds: '4096',
            process_auto_restart: 'true',
            graceful_stop_timeout: '7',
          },
        },
      ],
    })
    expect(process.limits).toEqual({
      openFiles: 4096,
      cpuShares: 2048,
      ioWeight: 500,
      memorySoftBytes: -1,
      memoryHardBytes: 512 * 1024 ** 2,
    })
    expect(process).toMatchObject({
      autoRestart: true,
      startSeconds: 20,
      startRetries: 3,
      stopSeconds: 7,
      user: 'greeter',
      group: 'greeter',
    })
  })

  test('a role type may run as somebody else than its service', async () => {
    const { descriptor } = describeSdl(sdl({}, { runAs: { user: 'root', group: 'wheel' } }))
    const spec = { config: { process_username: 'other' }, roles: [{ type: 'DEMO_SERVER' }] }
    expect(await generate(descriptor!, spec)).toMatchObject({ user: 'root', group: 'wheel' })
    const plain = describeSdl(sdl()).descriptor!
    expect(await generate(plain, spec)).toMatchObject({ user: 'other', group: 'demo' })
  })
})

describe('dependencies', () => {
  test('a dependency that is set brings its variables and its client configuration', async () => {
    const zookeeper = serviceOf(await ourType('ZOOKEEPER'), {
      roles: [
        { type: 'SERVER', hostname: 'z2', config: { serverId: '2' } },
        { type: 'SERVER', hostname: 'z1', config: { serverId: '1', clientPort: '2182' } },
      ],
    })
    const hdfs = serviceOf(await ourType('HDFS'), {
      name: 'hdfs1',
      roles: [{ type: 'NAMENODE', hostname: 'n1', config: { namenode_id: '1' } }],
      dependencies: [['ZOOKEEPER', zookeeper]],
    })
    const process = await generate(greeter, { roles, dependencies: [['HDFS', hdfs]] })
    expect(process.environment).toMatchObject({ ZK_QUORUM: 'z1:2182,z2:2181', KNOX: 'hdfs1' })
    expect(fileText(process.files, 'hadoop-conf/core-site.xml')).toContain(
      '<value>hdfs://nameservice1</value>',
    )
    expect(process.files.find((each) => each.path === 'hadoop-conf/hdfs-site.xml')!.origin).toBe('DEPENDENCY')
  })

  test('without it there is no folder and no variable', async () => {
    const process = await generate(greeter, { roles })
    expect(process.files.some((each) => each.path.startsWith('hadoop-conf'))).toBe(false)
    expect(process.environment).not.toHaveProperty('ZK_QUORUM')
    expect(process.environment.KNOX).toBe('none')
  })

  test('services that depend on each other do not hang', async () => {
    const dependencies = new Map()
    const one = { ...serviceOf(greeter, { name: 'one', roles }), dependencies }
    const two = { ...serviceOf(greeter, { name: 'two' }), dependencies: new Map([['HDFS', one]]) }
    dependencies.set('HDFS', two)
    expect(generateRole(await inputFor(one)).environment.KNOX).toBe('two')
  })
})

test('a file system that is not HDFS is known by its URI; what is blank is not written', async () => {
  const dfs = describeSdl(
    sdl({
      name: 'OTHER_DFS',
      roles: undefined,
      parameters: [
        { name: 'uri', label: 'U', description: 'U.', type: 'string' },
        { name: 'blank', label: 'B', description: 'B.', type: 'string', default: '' },
        {
          name: 'none',
          label: 'N',
          description: 'N.',
          type: 'path_array',
          pathType: 'serviceSpecific',
          default: [],
        },
      ],
      providesDfs: { fileSystemUri: token('uri') },
      gateway: {
        alternatives: { name: 'hadoop-conf', linkRoot: '/etc/hadoop' },
        configWriter: { generators: [{ filename: 'hadoop-conf/hdfs-site.xml', configFormat: 'hadoop_xml' }] },
      },
    }),
  ).descriptor!
  const other = serviceOf(dfs, { config: { uri: 'other://x/' } })
  const { files } = await generate(greeter, { roles, dependencies: [['HDFS', other]] })
  expect(fileText(files, 'hadoop-conf/core-site.xml')).toContain('<value>other://x/</value>')
  const site = fileText(files, 'hadoop-conf/hdfs-site.xml')
  expect([...site.matchAll(/<name>(.*)<\/name>/g)].map((each) => each[1])).toEqual(['uri'])
})

describe('HDFS', () => {
  const ha = (extra: ServiceSpec['roles'] = []) => ({
    roles: [
      { type: 'NAMENODE', hostname: 'n1', config: { namenode_id: '1' } },
      { type: 'NAMENODE', hostname: 'n2', config: { namenode_id: '2', namenode_port: '9000' } },
      ...['j1', 'j2', 'j3'].map((hostname) => ({ type: 'JOURNALNODE', hostname })),
      { type: 'FAILOVERCONTROLLER', hostname: 'n1' },
      { type: 'FAILOVERCONTROLLER', hostname: 'n2' },
      { type: 'DATANODE', hostname: 'd1' },
      ...extra,
    ],
  })
  const values = (xml: string) =>
    new Map(
      [...xml.matchAll(/<name>([^<]*)<\/name>\s*<value>([^<]*)<\/value>/g)].map((each) => [
        each[1]!,
        each[2]!,
      ]),
    )

  test('two NameNodes are one nameservice with journals and automatic failover', async () => {
    const hdfs = await ourType('HDFS')
    const zookeeper = serviceOf(await ourType('ZOOKEEPER'), {
      roles: [{ type: 'SERVER', hostname: 'z1', config: { serverId: '1' } }],
    })
    const spec = { ...ha(), dependencies: [['ZOOKEEPER', zookeeper]] as const }
    const { files } = await generate(hdfs, spec)
    const site = values(fileText(files, 'hdfs-site.xml'))
    expect(Object.fromEntries(site)).toMatchObject({
      'dfs.nameservices': 'nameservice1',
      'dfs.ha.namenodes.nameservice1': 'nn1,nn2',
      'dfs.ha.namenode.id': 'nn1',
      'dfs.namenode.rpc-address.nameservice1.nn1': 'n1:8020',
      'dfs.namenode.rpc-address.nameservice1.nn2': 'n2:9000',
      'dfs.namenode.http-address.nameservice1.nn2': 'n2:9870',
      'dfs.namenode.shared.edits.dir': 'qjournal://j1:8485;j2:8485;j3:8485/nameservice1',
      'dfs.ha.automatic-failover.enabled.nameservice1': 'true',
      'dfs.namenode.name.dir': '/dfs/nn',
      'dfs.replication': '3',
    })
    const core = values(fileText(files, 'core-site.xml'))
    expect(core.get('fs.defaultFS')).toBe('hdfs://nameservice1')
    expect(core.get('ha.zookeeper.quorum')).toBe('z1:2181')
    const datanode = values(fileText((await generate(hdfs, spec, 7)).files, 'hdfs-site.xml'))
    expect(datanode.get('dfs.datanode.data.dir')).toBe('/dfs/dn')
    expect(datanode.has('dfs.namenode.shared.edits.dir')).toBe(false)
    expect(datanode.get('dfs.ha.namenodes.nameservice1')).toBe('nn1,nn2')
  })

  test('one NameNode has a plain address and nothing of high availability', async () => {
    const hdfs = await ourType('HDFS')
    const { files } = await generate(hdfs, {
      roles: [
        { type: 'NAMENODE', hostname: 'n1', config: { namenode_id: '1' } },
        { type: 'SECONDARYNAMENODE', hostname: 's1' },
      ],
    })
    const site = values(fileText(files, 'hdfs-site.xml'))
    expect(site.get('dfs.namenode.rpc-address.nameservice1')).toBe('n1:8020')
    expect(site.get('dfs.namenode.secondary.http-address.nameservice1')).toBe('s1:9868')
    expect([...site.keys()].filter((key) => key.includes('.ha.') || key.includes('shared'))).toEqual([])
  })

  test('its metrics are read from the JMX page of each role', async () => {
    const service = serviceOf(await ourType('HDFS'), ha())
    const [namenode] = collectionTargets(await inputFor(service, 0))
    expect(namenode).toMatchObject({ type: 'jmx', url: 'http://n1:9870/jmx' })
    expect(namenode!.metrics.find((each) => each.name === 'hdfs_capacity')).toEqual({
      name: 'hdfs_capacity',
      context: 'Hadoop:service=NameNode,name=FSNamesystem::CapacityTotal',
      counter: false,
      rateName: undefined,
      valueMap: undefined,
      scale: 1,
    })
    const [journal] = collectionTargets(await inputFor(service, 2))
    expect(journal!.metrics[0]!.context).toContain('name=Journal-nameservice1::')
    expect(collectionTargets(await inputFor(service, 5))).toEqual([])
  })
})

describe('a plain process and our own roles', () => {
  test('a process has its program, its arguments one a line, and its metrics page', async () => {
    const service = serviceOf(await ourType('PROCESS'), {
      config: { process_username: 'web' },
      roles: [
        {
          type: 'INSTANCE',
          config: {
            command: '/usr/bin/env',
            arguments: 'two words\n--flag=$HOME',
            prometheus_url: 'http://127.0.0.1:9100/metrics',
          },
        },
        { type: 'INSTANCE', config: { command: '/bin/true' } },
      ],
    })
    const input = await inputFor(service)
    expect(generateRole(input)).toMatchObject({
      user: 'web',
      autoRestart: true,
      environment: { PROCESS_COMMAND: '/usr/bin/env', PROCESS_ARGUMENTS: 'two words\n--flag=$HOME' },
    })
    expect(collectionTargets(input)).toEqual([
      {
        type: 'prometheus',
        url: 'http://127.0.0.1:9100/metrics',
        host: undefined,
        port: undefined,
        metrics: [],
      },
    ])
    expect(collectionTargets(await inputFor(service, 1))).toEqual([])
  })

  test('the monitor’s own metrics are read with a token that is good for them alone, over TLS where it has that', async () => {
    const monitor = async (config: Record<string, string>) => {
      const service = serviceOf(await ourType('MGMT'), {
        roles: [{ type: 'MONITOR', hostname: 'm1.example', config: { monitor_port: '7200', ...config } }],
      })
      return collectionTargets(await inputFor(service))
    }
    const plain = { type: 'prometheus', url: 'http://127.0.0.1:7200/metrics', metrics: [] }
    expect(await monitor({})).toEqual([{ ...plain, host: undefined, port: undefined }])
    const token = metricsToken('the-token-of-the-monitor')
    expect(await monitor({ monitor_token: 'the-token-of-the-monitor' })).toMatchObject([{ ...plain, token }])
    expect(
      await monitor({
        monitor_token: 'the-token-of-the-monitor',
        tls_cert: '/c',
        tls_key: '/k',
        tls_ca: '/a',
      }),
    ).toMatchObject([{ url: 'https://m1.example:7200/metrics', token, caFile: '/a' }])
  })

  test('the monitor’s password is in its environment, and nowhere that people look', async () => {
    const service = serviceOf(await ourType('MGMT'), {
      roles: [{ type: 'MONITOR', config: { clickhouse_password: 'hunter2', monitor_port: '7200' } }],
    })
    const process = generateRole(await inputFor(service))
    expect(process.environment).toMatchObject({
      BELLWETHER_CLICKHOUSE_PASSWORD: 'hunter2',
      BELLWETHER_MONITOR_PORT: '7200',
    })
    expect(shownProcess(process).environment.BELLWETHER_CLICKHOUSE_PASSWORD).toBe(MASK)
    expect(JSON.stringify({ ...process, files: [], environment: {} })).not.toContain('hunter2')
    expect(process.args).toEqual(['role', 'scripts/control.sh', 'monitor'])
  })
})

describe('secrets', () => {
  const secret = { plain_secret: 'hunter2', api_key: `pa'ss $(x) \\` }

  test('are in files that only their user can read, and blotted out where people look', async () => {
    const process = await generate(greeter, { config: secret, roles })
    const file = process.files.find((each) => each.path === 'params.properties')!
    expect(file.mode).toBe(0o600)
    expect(fileText(process.files, file.path)).toContain('plain.secret=hunter2')
    expect(Buffer.from(file.shown!).toString()).toContain(`plain.secret=${MASK}`)
    const shown = shownProcess(process)
    for (const each of shown.files) expect(Buffer.from(each.contents).includes('hunter2')).toBe(false)
    expect(shown.files.map((each) => each.path)).toEqual(process.files.map((each) => each.path))
  })

  test('a file without any is shown as it is', async () => {
    const process = await generate(greeter, { config: secret, roles })
    expect(process.files.filter((each) => each.shown).map((each) => each.path)).toEqual([
      'altscripts/api_key.sh',
      'params.properties',
    ])
  })

  test('one with a script is named by the script’s path, and the script is private', async () => {
    const process = await generate(greeter, { config: secret, roles })
    expect(fileText(process.files, 'params.properties')).toContain(
      'api.key.script={{CMF_CONF_DIR}}/altscripts/api_key.sh\n',
    )
    expect(fileText(process.files, 'params.properties')).not.toContain('api_key=')
    expect(process.files.find((each) => each.path === 'altscripts/api_key.sh')!.mode).toBe(0o700)
  })
})

describe('TLS', () => {
  const tls = sdl(
    {},
    {
      sslServer: {
        keyIdentifier: 'demo',
        enabledConfigName: 'tls.on',
        keystoreLocationConfigName: 'keystore.location',
        keystoreLocationDefault: '/etc/demo.jks',
        keystorePasswordConfigName: 'keystore.password.generator',
        keystorePasswordScriptBased: 'true',
      },
      sslClient: { truststorePasswordConfigName: 'truststore.password' },
      startRunner: {
        program: 'scripts/control.sh',
        environmentVariables: { RAW: token('ssl_server_keystore_password') },
      },
      configWriter: {
        generators: [
          { filename: 'all.properties', configFormat: 'properties' },
          {
            filename: 'listed.properties',
            configFormat: 'properties',
            includedParams: [
              'ssl_enabled',
              'ssl_client_truststore_location',
              'ssl_client_truststore_password',
            ],
          },
        ],
      },
    },
  )
  const spec = {
    roles: [
      {
        type: 'DEMO_SERVER',
        config: {
          ssl_enabled: 'true',
          ssl_server_keystore_password: 'hunter2',
          ssl_client_truststore_location: '/t.jks',
          ssl_client_truststore_password: 'hunter3',
        },
      },
    ],
  }

  test('only what has a name for files is written, a password as its script where that is asked for', async () => {
    const { descriptor } = describeSdl(tls)
    const { files, environment, shown } = await generate(descriptor!, spec)
    expect(fileText(files, 'all.properties').split('\n')).toEqual([
      'tls.on=true',
      'keystore.location=/etc/demo.jks',
      'keystore.password.generator={{CMF_CONF_DIR}}/altscripts/ssl_server_keystore_password.sh',
      'truststore.password=hunter3',
      '',
    ])
    expect(fileText(files, 'listed.properties')).toBe('tls.on=true\ntruststore.password=hunter3\n')
    expect(environment.RAW).toBe('hunter2')
    expect(shown!.environment.RAW).toBe(MASK)
  })
})

describe('what cannot be generated names every place', () => {
  const failing = async (content: unknown, spec: ServiceSpec = {}) => {
    const { descriptor } = describeSdl(content)
    try {
      await generate(descriptor!, { roles: [{ type: 'DEMO_SERVER' }], ...spec })
    } catch (error) {
      expect(error).toBeInstanceOf(GenerationError)
      return (error as GenerationError).problems.map((each) => each.place)
    }
    throw new Error('it was generated')
  }

  test('unknown names in arguments, environment, files and the log file', async () => {
    const gone = token('gone')
    const role = {
      startRunner: { program: 'scripts/control.sh', args: ['a', gone], environmentVariables: { K: gone } },
      logging: { dir: '/l', filename: gone, loggingType: 'log4j' },
      configWriter: {
        generators: [
          { filename: 'a.xml', configFormat: 'hadoop_xml', additionalConfigs: [{ key: 'k', value: gone }] },
        ],
        auxConfigGenerators: [{ filename: 'b', sourceFilename: 'aux/gone' }],
        peerConfigGenerators: [{ filename: 'c', params: ['gone'] }],
      },
    }
    expect(await failing(sdl({}, role))).toEqual([
      'DEMO_SERVER startRunner environmentVariables K',
      'DEMO_SERVER startRunner args[1]',
      'file a.xml, entry k',
      'file b',
      'file c',
      'file log4j.properties',
    ])
  })

  test('values that the format cannot carry', async () => {
    const parameters = [{ name: 'p', label: 'P', description: 'P.', type: 'string' }]
    const configWriter = {
      generators: [
        { filename: 'a.xml', configFormat: 'hadoop_xml' },
        { filename: 'b.flags', configFormat: 'gflags' },
      ],
    }
    const spec = { roles: [{ type: 'DEMO_SERVER', config: { p: 'a\u0001\nb' } }] }
    expect(await failing(sdl({}, { parameters, configWriter }), spec)).toEqual([
      'file a.xml, entry p',
      'file b.flags, entry p',
    ])
  })

  test('Kerberos, which is not set up', async () => {
    expect(await failing(sdl({ kerberos: 'true' }))).toEqual(['service demo'])
  })

  test('a role type that the service does not have', async () => {
    const service = serviceOf(describeSdl(sdl()).descriptor!, { roles: [{ type: 'DEMO_SERVER' }] })
    const input = await inputFor(service)
    expect(() => generateRole({ ...input, role: { ...input.role, type: 'GONE' } })).toThrow(
      /no role type GONE/,
    )
  })
})

test('a role command has the role’s files and its own program; a graceful stop has a time-out', async () => {
  const content = sdl({
    stopRunner: {
      masterRole: 'DEMO_SERVER',
      timeout: '5000',
      runner: { program: 'scripts/control.sh', args: ['stop', token('host')] },
    },
  })
  const { descriptor } = describeBundle(bundle(content))
  const input = await inputFor(serviceOf(descriptor!, { roles: [{ type: 'DEMO_SERVER', hostname: 'h9' }] }))
  expect(generateStop(input, descriptor!.stopRunner!)).toMatchObject({
    kind: 'SERVICE_STOP',
    args: ['role', 'scripts/control.sh', 'stop', 'h9'],
    timeout: 5000,
    autoRestart: false,
  })
  const command = generateRoleCommand(
    await inputFor(serviceOf(greeter, { roles })),
    greeter.roles[0]!.commands[0]!,
  )
  expect(command).toMatchObject({ kind: 'ROLE_COMMAND', expectedExitCodes: [0, 3], startRetries: 0 })
  expect(fileText(command.files, 'params.properties')).toContain('greeter.port=8080')
})
