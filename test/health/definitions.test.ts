import { readdirSync, readFileSync } from 'node:fs'
import { parse } from 'jsonc-parser'
import { beforeAll, describe, expect, it } from 'vitest'
import { createTestCatalogue, type TestCatalogue } from '../../src/health/tests/catalogue.js'
import { formatFigure } from '../../src/health/tests/figures.js'
import { healthParameters, readHealthTestFile } from '../../src/wire/health-tests.js'
import { testFiles } from './support.js'

let catalogue: TestCatalogue
beforeAll(async () => {
  catalogue = createTestCatalogue(await testFiles())
})

const DESCRIPTORS = new URL('../../descriptors/', import.meta.url)
const TYPES = ['HDFS', 'MGMT', 'PROCESS', 'ZOOKEEPER']

/** Metrics that the agent sends, and those of our service types. */
function knownMetrics(): Set<string> {
  const own = new URL('../../src/agent/catalogue/metrics.json', import.meta.url)
  const names = new Set((JSON.parse(readFileSync(own, 'utf8')) as { name: string }[]).map(({ name }) => name))
  for (const type of TYPES) {
    const mdl = parse(readFileSync(new URL(`${type}/descriptor/service.mdl`, DESCRIPTORS), 'utf8')) as {
      roles?: { metricDefinitions?: { name: string }[] }[]
    }
    for (const role of mdl.roles ?? []) for (const { name } of role.metricDefinitions ?? []) names.add(name)
  }
  return names
}

/** They come with the manager's facts, from the monitor itself, or from canaries that the agent is to run. */
const FROM_ELSEWHERE = new Set([
  'clock_offset',
  'bellwether_health_facts_age_seconds',
  'bellwether_health_sweep_seconds',
  'zookeeper_canary_status',
  'zookeeper_canary_duration',
  'hdfs_canary_status',
  'hdfs_canary_duration',
])

describe('the tests that come with us', () => {
  it('read metrics that there are', () => {
    const known = knownMetrics()
    const asked = catalogue.definitions.flatMap(({ source }) => {
      if (source.kind === 'canary') return [source.status, source.duration]
      if (source.kind === 'pair') return [source.metric]
      if (source.kind !== 'metric') return []
      const { metric, divisor, percentage, from } = source
      return [
        metric,
        divisor && 'metric' in divisor ? divisor.metric : undefined,
        percentage?.divisor,
        from?.active,
      ]
    })
    const missing = asked.filter(
      (name) => name !== undefined && !known.has(name) && !FROM_ELSEWHERE.has(name),
    )
    expect(missing).toEqual([])
  })

  it('run canaries so often that a result never grows old before the next one', () => {
    const runs = catalogue.definitions.flatMap(({ name, source }) =>
      source.kind === 'canary' && source.run ? [{ name, source, run: source.run }] : [],
    )
    expect(runs.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['ZOOKEEPER_CANARY_HEALTH', 'HDFS_CANARY_HEALTH']),
    )
    for (const { name, source, run } of runs) {
      // A tenth later, as long as it may take, and a round of the agent.
      const latest = run.everySeconds * 1.1 + run.timeoutMs / 1000 + 60
      expect(latest, name).toBeLessThan(source.staleSeconds ?? 180)
    }
  })

  it('say something with their figures, and what to do', () => {
    const words = new Set(['value', 'dividend', 'divisor', 'window', 'part'])
    for (const { name, sentence, advice, source } of catalogue.definitions) {
      for (const [, word] of sentence.matchAll(/\{(\w+)\}/g))
        expect(words, `${name}: ${word}`).toContain(word)
      expect(advice, name).toMatch(/\.$/)
      if (sentence.includes('{part}')) expect(source, name).toHaveProperty('of')
      if (sentence.includes('{window}')) expect(source, name).toHaveProperty('window')
    }
  })

  it('have names of their own, for each kind of entity', () => {
    const kinds = [
      { on: 'HOST' as const },
      { on: 'CLUSTER' as const },
      { on: 'ROLE' as const, serviceType: 'HDFS', roleType: 'DATANODE' },
      { on: 'ROLE' as const, serviceType: 'KAFKA', roleType: 'BROKER' },
      { on: 'SERVICE' as const, serviceType: 'HDFS', roleTypes: ['DATANODE', 'HTTPFS', 'NAMENODE'] },
      { on: 'SERVICE' as const, serviceType: 'PROCESS', roleTypes: ['INSTANCE'] },
    ]
    for (const kind of kinds) {
      const names = catalogue.testsOf(kind).map(({ name }) => name)
      expect(new Set(names).size, JSON.stringify(kind)).toBe(names.length)
      for (const name of names) expect(name).toMatch(/^[A-Z0-9_]+$/)
    }
    expect(catalogue.testsOf(kinds[2]!).map(({ name }) => name)).toContain('DATA_NODE_FILE_DESCRIPTOR')
    const hdfs = catalogue.testsOf(kinds[4]!).map(({ name }) => name)
    expect(hdfs).toEqual(expect.arrayContaining(['HDFS_DATA_NODES_HEALTHY', 'HDFS_HA_NAMENODE_HEALTH']))
    // A type that has a test of its own has no general one beside it.
    expect(hdfs.filter((name) => /DATA_?NODES/.test(name))).toEqual(['HDFS_DATA_NODES_HEALTHY'])
    expect(catalogue.testsOf(kinds[5]!).map(({ name }) => name)).toEqual(['INSTANCES_HEALTHY'])
  })

  it('are in the docs, all of them', () => {
    const text = readFileSync(new URL('../../docs/health.md', import.meta.url), 'utf8')
    const missing = catalogue.definitions.filter(({ name }) => !text.includes(`\`${name}\``))
    expect(missing.map(({ name }) => name)).toEqual([])
  })
})

describe('parameters of tests', () => {
  it('are listed for the manager, with their defaults', () => {
    const parameters = healthParameters(catalogue.definitions, {
      on: 'ROLE',
      serviceType: 'HDFS',
      roleType: 'DATANODE',
    })
    const byName = new Map(parameters.map((each) => [each.name, each]))
    expect(byName.get('datanode_fd_thresholds')).toMatchObject({
      type: 'thresholds',
      default: '{"warning":"50.0","critical":"70.0"}',
      unit: 'percent',
    })
    expect(byName.get('unexpected_exits_window')).toMatchObject({
      type: 'long',
      default: '5',
      unit: 'minutes',
    })
    expect(byName.get('datanode_scm_health_enabled')).toMatchObject({ type: 'boolean', default: 'true' })
    expect(byName.size).toBe(parameters.length)
    expect([...byName.keys()].filter((name) => name.startsWith('zookeeper'))).toEqual([])
  })
})

describe('a file of tests that is wrong', () => {
  const [good] = readdirSync(new URL('health/', DESCRIPTORS)).filter((name) => name === 'host.json')
  it.each([
    ['tests[0].source.kind', { source: { kind: 'magic' } }],
    ['tests[0].thresholds.warning', { thresholds: { parameter: 'x', label: '', warning: 'often' } }],
    ['tests[0].on', { on: 'DISK' }],
    ['tests[0].source.metric', { source: { kind: 'metric', metric: 'No Metric' } }],
  ])('says where: %s', (path, change) => {
    const file = JSON.parse(readFileSync(new URL(`health/${good}`, DESCRIPTORS), 'utf8')) as {
      tests: object[]
    }
    Object.assign(file.tests[0]!, change)
    expect(() => readHealthTestFile(file)).toThrow(path)
  })
})

describe('figures in sentences', () => {
  it.each([
    [54.926, 'percent', '54.93%'],
    [5_000_000_000, 'bytes', '4.66 GiB'],
    [1_234_567, 'pages', '1,234,567 pages'],
    [250, 'milliseconds', '250 ms'],
    [90_500, 'milliseconds', '90.5 s'],
    [0.5, '', '0.5'],
    [0.001, 'percent', '0.001%'],
    [-1234.5, '', '-1,234.5'],
    [Number.NaN, 'bytes', 'unknown'],
  ])('%d %s: %s', (value, unit, text) => {
    expect(formatFigure(value, unit)).toBe(text)
  })
})
