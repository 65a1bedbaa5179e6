import { describe, expect, test } from 'vitest'
import { type ProblemCode, problemText, token } from '../../../src/manager/descriptors/index.js'
import { describeSdl, sdl } from './support/bundle.js'

type Case = readonly [what: string, content: unknown, code: ProblemCode, path: string]

const parameter = (more: Record<string, unknown>) => ({
  name: 'p',
  label: 'P',
  description: 'A parameter.',
  type: 'string',
  ...more,
})
const withParameter = (more: Record<string, unknown>) => sdl({ parameters: [parameter(more)] })
const command = { name: 'c', label: 'C', description: 'c', expectedExitCodes: [0] }
const writer = (more: Record<string, unknown>) => sdl({}, { configWriter: more })

/** They refuse the service type. */
const errors: readonly Case[] = [
  ['no name', sdl({ name: undefined }), 'MISSING', 'name'],
  ['a blank label', sdl({ label: ' ' }), 'BAD_VALUE', 'label'],
  ['a name in lower case', sdl({ name: 'demo' }), 'BAD_VALUE', 'name'],
  ['no user', sdl({ runAs: { group: 'g' } }), 'MISSING', 'runAs.user'],
  ['a list in place of an object', sdl({ runAs: [] }), 'WRONG_TYPE', 'runAs'],
  ['an object in place of a list', sdl({ roles: {} }), 'WRONG_TYPE', 'roles'],
  ['text in place of a number', sdl({ maxInstances: 'many' }), 'WRONG_TYPE', 'maxInstances'],
  ['a number out of bounds', sdl({ maxInstances: 0 }), 'BAD_VALUE', 'maxInstances'],
  ['text in place of a flag', sdl({ inExpressWizard: 'yes please' }), 'WRONG_TYPE', 'inExpressWizard'],
  [
    'a generation below 1',
    sdl({ compatibility: { generation: 0 } }),
    'BAD_VALUE',
    'compatibility.generation',
  ],
  [
    'a bad version range',
    sdl({ compatibility: { cdhVersion: { min: 'five' } } }),
    'BAD_VALUE',
    'compatibility.cdhVersion.min',
  ],
  [
    'a bad parcel URL',
    sdl({ parcel: { repoUrl: 'no url', requiredTags: ['x'] } }),
    'BAD_VALUE',
    'parcel.repoUrl',
  ],
  ['no required tags', sdl({ parcel: { requiredTags: [] } }), 'BAD_VALUE', 'parcel.requiredTags'],
  ['a role without a runner', sdl({}, { startRunner: undefined }), 'MISSING', 'roles[0].startRunner'],
  ['a role named GATEWAY', sdl({}, { name: 'GATEWAY' }), 'CONFLICT', 'roles[0].name'],
  [
    'a program outside',
    sdl({}, { startRunner: { program: '../../bin/sh' } }),
    'BAD_VALUE',
    'roles[0].startRunner.program',
  ],
  [
    'an absolute program',
    sdl({}, { startRunner: { program: '/bin/sh' } }),
    'BAD_VALUE',
    'roles[0].startRunner.program',
  ],
  [
    'a bad variable name',
    sdl({}, { startRunner: { program: 'scripts/control.sh', environmentVariables: { 'A B': 'x' } } }),
    'BAD_VALUE',
    'roles[0].startRunner.environmentVariables',
  ],
  [
    'a generated file outside',
    writer({ generators: [{ filename: '/etc/passwd', configFormat: 'properties' }] }),
    'BAD_VALUE',
    'roles[0].configWriter.generators[0].filename',
  ],
  [
    'more roles at least than at most',
    sdl({}, { topology: { minInstances: 3, maxInstances: 2 } }),
    'BAD_VALUE',
    'roles[0].topology',
  ],
  [
    'a command without exit codes',
    sdl(
      {},
      { commands: [{ ...command, expectedExitCodes: [], commandRunner: { program: 'scripts/control.sh' } }] },
    ),
    'BAD_VALUE',
    'roles[0].commands[0].expectedExitCodes',
  ],
  [
    'an unknown role state',
    sdl(
      {},
      {
        commands: [
          { ...command, requiredRoleState: 'dancing', commandRunner: { program: 'scripts/control.sh' } },
        ],
      },
    ),
    'BAD_VALUE',
    'roles[0].commands[0].requiredRoleState',
  ],
  [
    'an unknown run mode',
    sdl({ commands: [{ ...command, roleName: 'DEMO_SERVER', roleCommand: 'x', runMode: 'ALL' }] }),
    'BAD_VALUE',
    'commands[0].runMode',
  ],
  [
    'a bad permission',
    sdl({ hdfsDirs: [{ ...command, path: '/x', permissions: '755' }] }),
    'BAD_VALUE',
    'hdfsDirs[0].permissions',
  ],
  [
    'a bad mode',
    withParameter({ type: 'path', pathType: 'localDataDir', mode: '0999' }),
    'BAD_VALUE',
    'parameters[0].mode',
  ],
  ['an enum without values', withParameter({ type: 'string_enum' }), 'MISSING', 'parameters[0].validValues'],
  [
    'an enum with no values',
    withParameter({ type: 'string_enum', validValues: [] }),
    'BAD_VALUE',
    'parameters[0].validValues',
  ],
  [
    'a password with two mechanisms',
    withParameter({
      type: 'password',
      credentialProviderCompatible: true,
      alternateScriptParameterName: 's',
    }),
    'CONFLICT',
    'parameters[0]',
  ],
  ['a parameter without a label', withParameter({ label: undefined }), 'MISSING', 'parameters[0].label'],
  ['a parameter name with a brace', withParameter({ name: 'a}b' }), 'BAD_VALUE', 'parameters[0].name'],
  [
    'two roles of a name',
    sdl({ roles: [0, 1].map(() => (sdl() as { roles: unknown[] }).roles[0]) }),
    'DUPLICATE',
    'roles[1].name',
  ],
  [
    'two parameters of a name',
    sdl({ parameters: [parameter({}), parameter({})] }),
    'DUPLICATE',
    'parameters[1].name',
  ],
  [
    'two configNames',
    sdl({ parameters: [parameter({ configName: 'x' }), parameter({ name: 'q', configName: 'x' })] }),
    'DUPLICATE',
    'parameters[1].configName',
  ],
  [
    'a file that is written twice',
    writer({
      generators: [{ filename: 'a', configFormat: 'properties' }],
      auxConfigGenerators: [{ filename: 'a' }],
    }),
    'DUPLICATE',
    'roles[0].configWriter.auxConfigGenerators[0].filename',
  ],
  [
    'a relative link root',
    sdl({ gateway: { alternatives: { name: 'x', linkRoot: 'etc' }, configWriter: {} } }),
    'BAD_VALUE',
    'gateway.alternatives.linkRoot',
  ],
  [
    'a list of peers of no type',
    writer({
      generators: [
        { filename: 'a', configFormat: 'properties', additionalConfigs: [{ key: 'k', type: 'peerList' }] },
      ],
    }),
    'MISSING',
    'roles[0].configWriter.generators[0].additionalConfigs[0]',
  ],
]

/** They are shown, and the service type can be used. */
const warnings: readonly Case[] = [
  ['a name that is built in elsewhere', sdl({ name: 'HBASE' }), 'CONFLICT', 'name'],
  ['an unknown parameter type', withParameter({ type: 'colour' }), 'UNKNOWN_TYPE', 'parameters[0].type'],
  [
    'an unknown file format',
    writer({ generators: [{ filename: 'a', configFormat: 'toml' }] }),
    'UNKNOWN_TYPE',
    'roles[0].configWriter.generators[0].configFormat',
  ],
  [
    'an unknown logging type',
    sdl({}, { logging: { dir: '/l', filename: 'f', loggingType: 'syslog' } }),
    'UNKNOWN_TYPE',
    'roles[0].logging.loggingType',
  ],
  [
    'a regular expression of another language',
    withParameter({ conformRegex: 'a(?>b)c' }),
    'BAD_VALUE',
    'parameters[0].conformRegex',
  ],
  ['bounds that do not grow', withParameter({ type: 'long', min: 5, max: 3 }), 'BAD_VALUE', 'parameters[0]'],
  ['a path of no type', withParameter({ type: 'path' }), 'MISSING', 'parameters[0].pathType'],
  [
    'a program that is not in the jar',
    sdl({}, { startRunner: { program: 'scripts/gone.sh' } }),
    'UNKNOWN_REFERENCE',
    'roles[0].startRunner.program',
  ],
  [
    'an aux file that is not in the jar',
    writer({ auxConfigGenerators: [{ filename: 'a', sourceFilename: 'aux/gone' }] }),
    'UNKNOWN_REFERENCE',
    'roles[0].configWriter.auxConfigGenerators[0].sourceFilename',
  ],
  [
    'an unknown included parameter',
    writer({ generators: [{ filename: 'a', configFormat: 'properties', includedParams: ['gone'] }] }),
    'UNKNOWN_REFERENCE',
    'roles[0].configWriter.generators[0].includedParams[0]',
  ],
  [
    'an unknown peer parameter',
    writer({ peerConfigGenerators: [{ filename: 'a', params: ['gone'] }] }),
    'UNKNOWN_REFERENCE',
    'roles[0].configWriter.peerConfigGenerators[0].params[0]',
  ],
  [
    'peers of an unknown role',
    writer({ peerConfigGenerators: [{ filename: 'a', params: ['x'], roleName: 'GONE' }] }),
    'UNKNOWN_REFERENCE',
    'roles[0].configWriter.peerConfigGenerators[0].roleName',
  ],
  [
    'a command of an unknown role',
    sdl({ commands: [{ ...command, roleName: 'GONE', roleCommand: 'x', runMode: 'all' }] }),
    'UNKNOWN_REFERENCE',
    'commands[0].roleName',
  ],
  [
    'an unknown role command',
    sdl({ commands: [{ ...command, roleName: 'DEMO_SERVER', roleCommand: 'x', runMode: 'all' }] }),
    'UNKNOWN_REFERENCE',
    'commands[0].roleCommand',
  ],
  [
    'an unknown first-run step',
    sdl({ serviceInit: { preStartSteps: [{ commandName: 'gone' }] } }),
    'UNKNOWN_REFERENCE',
    'serviceInit.preStartSteps[0].commandName',
  ],
  [
    'an unknown master role',
    sdl({ stopRunner: { masterRole: 'GONE', runner: { program: 'scripts/control.sh' } } }),
    'UNKNOWN_REFERENCE',
    'stopRunner.masterRole',
  ],
  [
    'an unknown argument',
    sdl({}, { startRunner: { program: 'scripts/control.sh', args: [token('gone')] } }),
    'UNKNOWN_SUBSTITUTION',
    'roles[0].startRunner.args[0]',
  ],
  [
    'TLS values without TLS',
    sdl(
      {},
      { startRunner: { program: 'scripts/control.sh', environmentVariables: { K: token('ssl_enabled') } } },
    ),
    'UNKNOWN_SUBSTITUTION',
    'roles[0].startRunner.environmentVariables.K',
  ],
  [
    'an unknown name in a link',
    sdl({}, { externalLink: { name: 'w', label: 'W', url: `http://${token('gone')}/` } }),
    'UNKNOWN_SUBSTITUTION',
    'roles[0].externalLink.url',
  ],
  [
    'an unknown name in a log file',
    sdl({}, { logging: { dir: '/l', filename: token('gone') } }),
    'UNKNOWN_SUBSTITUTION',
    'roles[0].logging.filename',
  ],
  [
    'shares that do not add up',
    sdl({}, { parameters: [parameter({ type: 'memory', autoConfigShare: 60 })] }),
    'BAD_VALUE',
    'roles[0].parameters',
  ],
  [
    'an unknown placement rule',
    sdl({}, { topology: { placementRules: [{ type: 'near' }] } }),
    'UNKNOWN_TYPE',
    'roles[0].topology.placementRules[0]',
  ],
  [
    'a gateway that lists nobody',
    sdl({
      gateway: {
        alternatives: { name: 'x', linkRoot: '/etc/x' },
        configWriter: { peerConfigGenerators: [{ filename: 'x/p', params: ['q'] }] },
      },
    }),
    'MISSING',
    'gateway.configWriter.peerConfigGenerators[0].roleName',
  ],
]

describe('a mistake is named by file, line and path', () => {
  test('the descriptor that the mistakes are made in has none', () => {
    expect(describeSdl(sdl()).problems).toEqual([])
  })

  test.each(errors)('%s refuses the type', (_what, content, code, path) => {
    const { descriptor, problems } = describeSdl(content)
    expect(descriptor).toBeUndefined()
    expect(problems).toContainEqual(
      expect.objectContaining({ level: 'error', code, path, file: 'DEMO-1.0.jar!descriptor/service.sdl' }),
    )
    for (const problem of problems) expect(problem.line).toBeGreaterThan(0)
  })

  test.each(warnings)('%s is a warning', (_what, content, code, path) => {
    const { descriptor, problems } = describeSdl(content)
    expect(descriptor?.roles).toHaveLength(1)
    expect(problems).toContainEqual(expect.objectContaining({ level: 'warning', code, path }))
  })

  test('all mistakes are reported, not only the first', () => {
    const { problems } = describeSdl(
      sdl({ name: 'demo', label: '', version: undefined }, { label: undefined }),
    )
    expect(problems.map((each) => each.path)).toEqual(['name', 'label', 'version', 'roles[0].label'])
  })

  test('the text names file, line, column and path', () => {
    const { problems } = describeSdl(
      '{\n  "name": "demo",\n  "label": "D", "description": "", "version": 1 }',
    )
    expect(problems.map(problemText)).toEqual([
      'DEMO-1.0.jar!descriptor/service.sdl:2:11 name: "demo" must only contain upper case letters, numbers and underscores',
    ])
  })

  test.each([
    ['nothing', '', 1],
    ['a bracket too few', '{\n "name": "X"\n', 3],
    ['something after the end', '{}\n}', 2],
    ['a raw control character', '{ "name": "a\u0001" }', 1],
    ['a million brackets', '['.repeat(1_000_000), undefined],
  ])('bad JSON: %s', (_what, text, line) => {
    const { descriptor, problems } = describeSdl(text)
    expect(descriptor).toBeUndefined()
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ level: 'error', code: 'BAD_JSON' })
    if (line !== undefined) expect(problems[0]!.line).toBe(line)
  })

  test.each([['null'], ['[]'], ['"text"'], ['7'], ['{"__proto__": {"name": "X"}}'], ['{"name": null}']])(
    'a descriptor that is %s is refused without a crash',
    (text) => {
      const { descriptor, problems } = describeSdl(text)
      expect(descriptor).toBeUndefined()
      expect(problems.length).toBeGreaterThan(0)
    },
  )
})
