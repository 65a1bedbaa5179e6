import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTriggers, type TriggerModel, type Triggers, triggerOwners } from '../../../src/health/index.js'
import { holds, sharedOf, statementsOf } from '../../../src/health/triggers/condition.js'
import { parseExpression, readTriggers } from '../../../src/health/triggers/definition.js'
import { evaluateTriggers, type TriggerOwner } from '../../../src/health/triggers/evaluate.js'
import { foundIn, sentenceOf } from '../../../src/health/triggers/found.js'
import type { AskRequest } from '../../../src/query/index.js'
import { openQueryBed, type QueryBed, quiet } from '../../query/support.js'

const T = Date.UTC(2026, 0, 5, 12)
const MINUTE = 60_000
const FDS = 'IF (SELECT fd_open WHERE roleName=$ROLENAME AND last(fd_open) > 500) DO health:bad'

let bed: QueryBed
let triggers: Triggers
beforeAll(async () => {
  bed = await openQueryBed()
  const role = (n: number) => ({
    category: 'ROLE',
    name: `dn-${n}`,
    attributes: {
      roleName: `dn-${n}`,
      serviceName: n < 5 ? 'hdfs' : 'other',
      hostId: `h${n % 3}`,
      roleType: 'DATANODE',
    },
  })
  for (let n = 0; n < 10; n++) {
    // dn-3 goes beyond the bound from minute 10 to 14, dn-7 always is.
    const value = (minute: number) => (n === 7 || (n === 3 && minute >= 10 && minute < 15) ? 900 : 10 + n)
    const points = Array.from({ length: 30 }, (_, i) => [T + i * MINUTE, value(i)] as const)
    await bed.put('fd_open', role(n), points)
    await bed.put('cpu_percent', role(n), points)
  }
  triggers = createTriggers({ query: bed.api, logger: quiet, everyMs: 0, previewMs: 100_000 })
}, 120_000)
afterAll(async () => {
  await triggers?.stop()
  await bed?.cleanUp()
})

const owner = (n: number, expression = FDS, more: object = {}): TriggerOwner => ({
  category: 'ROLE',
  identity: `dn-${n}`,
  variables: { ROLENAME: `dn-${n}`, SERVICENAME: n < 5 ? 'hdfs' : 'other', HOSTID: `h${n % 3}` },
  triggers: readTriggers([{ triggerName: 't', triggerExpression: expression, ...more }]).triggers,
})
const owners = (expression = FDS, more: object = {}) =>
  Array.from({ length: 10 }, (_, n) => owner(n, expression, more))

/** Evaluates, and counts the queries that it took. */
async function evaluate(all: TriggerOwner[], minute: number) {
  const asked: AskRequest[] = []
  const results = await evaluateTriggers(all, {
    ask: (request) => {
      asked.push(request)
      return bed.api.ask(request)
    },
    at: T + minute * MINUTE,
  })
  const bad = results.filter(({ summary }) => summary === 'BAD').map(({ identity }) => identity)
  return { results, bad: bad.toSorted(), queries: asked.length }
}

describe('triggers as they are configured', () => {
  test('are read as Cloudera writes them', () => {
    const text =
      '[{"triggerName":"a","triggerExpression":"IF (SELECT fd_open WHERE roleName=$ROLENAME and last(fd_open) > 1500) DO health:bad","streamThreshold":0,"enabled":"true"},{"triggerName":"b","triggerExpression":"IF (SELECT fd_open WHERE last(fd_open) > 1) DO health:concerning","streamThreshold":"10","enabled":"false","validityWindowInMs":300000,"expressionEditorConfig":null}]'
    const { triggers: read, problems } = readTriggers(text)
    expect(problems).toEqual([])
    expect(read).toMatchObject([
      { triggerName: 'a', streamThreshold: 0, enabled: true, validityWindowInMs: 300_000 },
      { triggerName: 'b', streamThreshold: 10, enabled: false },
    ])
    expect(readTriggers('')).toEqual({ triggers: [], problems: [] })
  })

  test('that are wrong are named, and cost only themselves', () => {
    const good = { triggerName: 'good', triggerExpression: FDS }
    const { triggers: read, problems } = readTriggers([
      good,
      good,
      { triggerName: 'x', triggerExpression: 'IF (SELECT fd_open WHERE last(fd_open) >) DO health:bad' },
      { triggerName: '', triggerExpression: FDS },
      { triggerName: 'y', triggerExpression: FDS, streamThreshold: -1 },
      { triggerName: 'z', triggerExpression: FDS, enabled: 'maybe' },
      7,
    ])
    expect(read).toHaveLength(1)
    expect(problems.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5, 6])
    expect(problems[1]!.problems![0]!.offset).toBeGreaterThan(30)
    expect(readTriggers('{').problems[0]!.message).toContain('no JSON')
  })
})

describe('a condition', () => {
  const conditionOf = (text: string) => parseExpression(text).trigger!.condition

  test('holds when more streams than the threshold come out of it, each statement for itself', () => {
    const one = '(SELECT fd_open WHERE last(fd_open) > 1)'
    const simple = conditionOf(`IF ${one} DO health:bad`)
    expect([
      holds(simple, [0], 0),
      holds(simple, [1], 0),
      holds(simple, [10], 10),
      holds(simple, [11], 10),
    ]).toEqual([false, true, false, true])
    const mixed = conditionOf(`IF (${one} AND (${one} OR ${one})) DO health:bad`)
    expect(statementsOf(mixed)).toHaveLength(3)
    expect(holds(mixed, [1, 0, 1], 0)).toBe(true)
    expect(holds(mixed, [1, 0, 0], 0)).toBe(false)
    expect(holds(mixed, [0, 1, 1], 0)).toBe(false)
  })

  test.each([
    ['SELECT fd_open WHERE roleName=$ROLENAME', true],
    ['SELECT fd_open WHERE role_name = $ROLENAME AND last(fd_open) > 1 AND category = ROLE', true],
    ['SELECT fd_open WHERE hostId=$HOSTID AND (last(fd_open) > 1 OR max(cpu_percent) > 90)', true],
    ['SELECT sum_by(fd_open, roleName) WHERE roleName=$ROLENAME', false],
    ['SELECT total_fd_open_across_roles WHERE serviceName=$SERVICENAME', false],
    ['SELECT fd_open WHERE roleName=$ROLENAME OR last(fd_open) > 1', false],
    ['SELECT fd_open WHERE roleName=$ROLENAME AND hostname=$HOSTNAME', false],
    ['SELECT fd_open WHERE roleName="dn-1"', false],
    ['SELECT fd_open WHERE entityName=$ENTITYNAME', false],
  ])('%s is asked for all owners at once: %s', (statement, together) => {
    const [found] = statementsOf(conditionOf(`IF (${statement}) DO health:bad`))
    expect(sharedOf(found!) !== undefined).toBe(together)
  })
})

describe('evaluation', () => {
  test('finds the entities whose own streams fulfil the condition, by one query for all', async () => {
    expect(await evaluate(owners(), 5)).toMatchObject({ bad: ['dn-7'], queries: 1 })
    const { results, bad, queries } = await evaluate(owners(), 12)
    expect({ bad, queries }).toEqual({ bad: ['dn-3', 'dn-7'], queries: 1 })
    expect(results.find(({ identity }) => identity === 'dn-3')).toMatchObject({
      test: 'alarm:t',
      summary: 'BAD',
      value: 1,
      explanation: `The trigger t fires: 1 stream satisfied it, more than 0: fd_open of dn-3 at 900. ${FDS}`,
    })
    expect(results.find(({ identity }) => identity === 'dn-1')).toMatchObject({ summary: 'GOOD', value: 0 })
  })

  test.each([
    ['IF (SELECT fd_open WHERE serviceName=$SERVICENAME AND last(fd_open) > 500) DO health:bad', 12],
    [
      'IF ((SELECT fd_open WHERE roleName=$ROLENAME AND last(fd_open) > 500) AND (SELECT cpu_percent WHERE hostId=$HOSTID AND max(cpu_percent) > 500)) DO health:bad',
      12,
    ],
    ['IF (SELECT fd_open, cpu_percent WHERE roleName=$ROLENAME) DO health:bad', 3],
  ])('together means the same as one by one: %s', async (expression, minute) => {
    const together = await evaluate(owners(expression), minute)
    const single: string[] = []
    for (const each of owners(expression)) single.push(...(await evaluate([each], minute)).bad)
    expect(together.bad).toEqual(single.toSorted())
    expect(together.bad.length).toBeGreaterThan(0)
    expect(together.queries).toBeLessThanOrEqual(2)
  })

  test('what cannot be asked for together is asked for one by one', async () => {
    const expression =
      'IF (SELECT sum_by(fd_open, serviceName) WHERE serviceName=$SERVICENAME AND last(fd_open) > 500) DO health:bad'
    const { queries, bad } = await evaluate(owners(expression), 12)
    expect(queries).toBe(10)
    expect(bad).toHaveLength(10)
  })

  test('a threshold counts streams', async () => {
    const expression = 'IF (SELECT fd_open WHERE serviceName=$SERVICENAME) DO health:concerning'
    const { results } = await evaluate(
      [owner(1, expression, { streamThreshold: 4 }), owner(9, expression, { streamThreshold: 5 })],
      5,
    )
    expect(results.map(({ summary, value }) => [summary, value])).toEqual([
      ['CONCERNING', 5],
      ['GOOD', 5],
    ])
  })

  test('names the streams that fired: the first few of each statement, and how many more', async () => {
    const sentence = async (expression: string) =>
      (await evaluate([owner(7, expression)], 12)).results[0]!.explanation
    const many = await sentence(
      'IF ((SELECT fd_open WHERE roleName = "none") OR (SELECT cpu_percent AS load WHERE roleName = "dn-1") OR (SELECT fd_open)) DO health:bad',
    )
    expect(many).toMatch(
      /: 0, 1, 10 streams satisfied it, more than 0: load of dn-1 at 11, (fd_open of dn-\d at (900|1\d), ){3}fd_open of dn-\d at (900|1\d) and 6 more\. IF /,
    )
    // Those of a statement that stays below the threshold have not fired.
    const { results } = await evaluate(
      [
        owner(
          7,
          'IF ((SELECT cpu_percent WHERE roleName = "dn-1") OR (SELECT fd_open WHERE serviceName = hdfs)) DO health:bad',
          { streamThreshold: 4 },
        ),
      ],
      12,
    )
    expect(results[0]!.explanation).not.toContain('cpu_percent of')
    expect(results[0]!.explanation).toContain('fd_open of dn-0 at 10,')
  })

  test('a value that is named has its unit', () => {
    const found = foundIn([
      {
        ...{ metricName: 'bytes_read_rate', alias: undefined, times: new Float64Array(1) },
        ...{ unitNumerators: ['bytes'], unitDenominators: ['seconds'] },
        owner: { category: 'DISK', name: 'sda\u202e', displayName: 'sda\u202e\nx', attributes: {} },
        values: Float64Array.of(1, 3 * 1024 ** 2),
      },
    ])
    const [definition] = owner(1).triggers
    expect(sentenceOf(definition!, true, [found])).toContain(
      ': bytes_read_rate of sda x at 3 MiB per second. IF',
    )
  })

  test('one that is off or cannot be evaluated says so, and the others go on', async () => {
    const { results } = await evaluate(
      [
        owner(0, FDS, { enabled: false }),
        owner(1, 'IF (SELECT fd_open WHERE serviceName=$NOBODY) DO health:bad'),
        owner(7),
      ],
      5,
    )
    expect(results.map(({ summary }) => summary).toSorted()).toEqual(['BAD', 'DISABLED', 'NOT_AVAILABLE'])
    expect(results.find(({ summary }) => summary === 'NOT_AVAILABLE')!.explanation).toContain(
      '$NOBODY has no value',
    )
  })

  test('owners come from the health model', async () => {
    const model: TriggerModel = {
      configs: {
        a: {
          values: {
            role_triggers: JSON.stringify([
              { triggerName: 'own', triggerExpression: FDS },
              { triggerName: 'bad' },
            ]),
          },
        },
        b: { values: {} },
      },
      clusters: [{ identity: 'uuid', name: 'c1' }],
      services: [{ identity: 'c1/hdfs', name: 'hdfs', serviceName: 'hdfs', cluster: 'uuid', config: 'b' }],
      hosts: [{ identity: 'h0', name: 'h0', hostname: 'node0' }],
      roles: [
        { identity: 'dn-7', name: 'dn-7', service: 'c1/hdfs', host: 'h0', config: 'a' },
        { identity: 'dn-8', name: 'dn-8', service: 'c1/hdfs', host: 'h0', config: 'a' },
      ],
    }
    const found = triggerOwners(model)
    expect(found[0]!.variables).toEqual({
      ENTITYNAME: 'dn-7',
      ROLENAME: 'dn-7',
      HOSTID: 'h0',
      HOSTNAME: 'node0',
      SERVICENAME: 'hdfs',
      CLUSTERNAME: 'c1',
      CLUSTERID: 'uuid',
    })
    expect(await evaluate(found, 5)).toMatchObject({ bad: ['dn-7'], queries: 1 })
    const regular = createTriggers({ query: bed.api, owners: () => found, logger: quiet, everyMs: 0 })
    await regular.evaluate(T + 5 * MINUTE)
    expect(regular.results()).toHaveLength(4)
    // One that cannot be read is seen, and says why.
    expect(regular.results().filter(({ summary }) => summary === 'NOT_AVAILABLE')).toMatchObject(
      Array.from({ length: 2 }, () => ({
        test: 'alarm:bad',
        explanation: expect.stringMatching(/cannot be read: triggerExpression/),
      })),
    )
    expect(await (await regular.app.request('/health/triggers')).json()).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ test: 'alarm:own' })]),
    })
    await regular.stop()
    await regular.stop()
  })
})

describe('a preview', () => {
  const preview = async (body: object) => {
    const response = await triggers.app.request('/health/triggers/preview', {
      method: 'POST',
      body: JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const iso = (minute: number) => new Date(T + minute * MINUTE).toISOString()

  test('says when the trigger would have fired', async () => {
    const { status, body } = await preview({
      triggerExpression: FDS,
      validityWindowInMs: 60_000,
      from: iso(5),
      to: iso(20),
      variables: { ROLENAME: 'dn-3' },
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({ complete: true, action: 'bad', stepMs: MINUTE, warnings: [] })
    expect(body.points).toHaveLength(16)
    expect(body.firings).toEqual([{ from: iso(10), to: iso(14) }])
    expect((body.points as object[])[5]).toEqual({ time: iso(10), streams: [1], fires: true })
  })

  test('of a long time takes longer steps', async () => {
    const { body } = await preview({
      triggerExpression: 'IF (SELECT fd_open WHERE max(fd_open) > 500) DO health:concerning',
      streamThreshold: 1,
      validityWindowInMs: 3_600_000,
      from: T - 3 * 86_400_000,
      to: T + 86_400_000,
    })
    expect(body.stepMs).toBe(20 * MINUTE)
    expect((body.points as object[]).length).toBeLessThanOrEqual(300)
    expect(body.firings).toHaveLength(1)
  })

  test.each([
    ['IF (SELECT fd_open WHERE last(fd_open) >) DO health:bad', 'last'],
    ['IF ((SELECT fd_open) OR (SELECT fd_open WHERE last(bytes) > $X)) DO health:bad', 'bytes'],
    ['SELECT 1', 'SELECT'],
  ])('of a wrong trigger says where: %s', async (triggerExpression, near) => {
    const { status, body } = await preview({ triggerExpression, from: iso(0), to: iso(1) })
    expect(status).toBe(400)
    const [problem] = body.problems as { offset: number; length: number }[]
    expect(problem!.offset).toBeGreaterThanOrEqual(triggerExpression.lastIndexOf(near) - 10)
    expect(problem!.offset + problem!.length).toBeLessThanOrEqual(triggerExpression.length)
  })

  test('needs a time, and variables that are texts', async () => {
    expect((await preview({ triggerExpression: FDS })).status).toBe(400)
    expect((await preview({ triggerExpression: FDS, from: iso(1), to: iso(0) })).status).toBe(400)
    expect(
      (await preview({ triggerExpression: FDS, from: iso(0), to: iso(1), variables: { A: 1 } })).status,
    ).toBe(400)
    const response = await triggers.app.request('/health/triggers/validate', {
      method: 'POST',
      body: JSON.stringify([{ triggerName: 'a', triggerExpression: 'IF' }]),
    })
    expect(await response.json()).toMatchObject({ valid: false, problems: [{ index: 0, name: 'a' }] })
  })
})
