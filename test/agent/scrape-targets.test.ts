import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readBeansPage } from '../../src/agent/scrape/targets/beans.js'
import { PageError, parseKey, readPage } from '../../src/agent/scrape/targets/page.js'
import { readScrapeSettings } from '../../src/agent/scrape/targets/settings.js'
import { createTargetReader } from '../../src/agent/scrape/targets/target.js'
import { startScrapeTargets } from '../../src/agent/scrape/targets/targets.js'
import { encodeNativeBatch, type NativeBatch } from '../../src/wire/native-batch.js'
import { until } from '../engine/support.js'
import { mutate, random } from '../ingest/support/fuzz.js'
import { post, startBench, type TestBench, type TestIngest } from '../ingest/support/server.js'
import { freePort } from '../ports.js'

const logger = pino({ level: 'silent' })

/** More with `FUZZ_INPUTS=200000`. */
const INPUTS = Number(process.env.FUZZ_INPUTS ?? 10_000)

const OPEN_METRICS = `# TYPE requests counter
# UNIT requests requests
# HELP requests Requests with "quotes" and a\\nline.
requests_total{path="/a,b}",code="200"} 5 1700000000.25 # {trace_id="x y"} 1 1700000000
requests_created{path="/a,b}",code="200"} 1690000000
# TYPE latency_seconds histogram
latency_seconds_bucket{le="0.5"} 3
latency_seconds_bucket{le="+Inf"} 4
latency_seconds_count 4
latency_seconds_sum 1.5
# TYPE temperature_celsius gauge
temperature_celsius NaN
temperature_celsius{room="\\"big\\" \\\\ one"} -3.5e1
# TYPE build info
build_info{version="1"} 1
# EOF
`

const TEXT = `# HELP node_load1 1m load average.
# TYPE node_load1 gauge
node_load1 0.25
node_cpu_seconds_total { cpu="0", mode="idle", } 1.5e3 1700000000250

nothing_typed 7
`

const JMX = JSON.stringify({
  beans: [
    {
      name: 'Hadoop:service=NameNode,name=FSNamesystem',
      modelerType: 'FSNamesystem',
      'tag.Context': 'dfs',
      CapacityTotal: 12,
      Safe: true,
      Word: 'text',
    },
    { name: 'java.lang:type=Memory', HeapMemoryUsage: { used: 5, max: 9 }, Verbose: false },
    { name: 'kafka:type=x,name="a,b"', Value: 1 },
    { name: 'no object name', Value: 1 },
    'no bean',
  ],
})

function read(text: string, openMetrics: boolean): [key: string, value: number, at: number][] {
  const found: [string, number, number][] = []
  readPage(Buffer.from(text), openMetrics, {
    family: () => ({ type: '', help: '', unit: '' }),
    sample: (key, value, at) => found.push([key, value, at]),
  })
  return found
}

describe('pages', () => {
  test('OpenMetrics: exemplars are passed over, times are seconds', () => {
    const samples = read(OPEN_METRICS, true)
    expect(samples[0]).toEqual(['requests_total{path="/a,b}",code="200"}', 5, 1_700_000_000_250])
    expect(samples).toHaveLength(9)
    expect(parseKey(samples.at(-2)![0])).toEqual({
      name: 'temperature_celsius',
      labels: [{ name: 'room', value: '"big" \\ one' }],
    })
  })

  test('OpenMetrics without its end was cut off', () => {
    for (const cut of [OPEN_METRICS.replace('# EOF\n', ''), `${OPEN_METRICS}more 1\n`])
      expect(() => read(cut, true)).toThrow(PageError)
    expect(read(TEXT, false)).toHaveLength(3)
  })

  test('the old format: times are milliseconds, blanks are allowed', () => {
    expect(read(TEXT, false)[1]).toEqual([
      'node_cpu_seconds_total { cpu="0", mode="idle", }',
      1500,
      1_700_000_000_250,
    ])
    expect(parseKey('node_cpu_seconds_total { cpu="0", mode="idle", }').labels).toHaveLength(2)
  })

  test.each([
    ['metric', /line 1: a value is expected/],
    ['ok 1\nmetric{a="b" 1', /line 2: the labels do not end/],
    ['metric abc', /"abc" is not a number/],
    ['metric 1 soon', /"soon" is not a time/],
    ['<html>', /a metric's name is expected/],
  ])('%j is told with its place', (text, message) => {
    expect(() => read(text, false)).toThrow(message)
  })

  test('JMX: every number of every bean, named as the JMX exporter does', () => {
    const found: [string, number][] = []
    readBeansPage(Buffer.from(JMX), {
      family: () => ({ type: '', help: '', unit: '' }),
      sample: (key, value) => found.push([key, value]),
    })
    expect(found).toEqual([
      ['Hadoop_NameNode_CapacityTotal{name="FSNamesystem"}', 12],
      ['Hadoop_NameNode_Safe{name="FSNamesystem"}', 1],
      ['java_lang_Memory_HeapMemoryUsage_used', 5],
      ['java_lang_Memory_HeapMemoryUsage_max', 9],
      ['java_lang_Memory_Verbose', 0],
      ['kafka_x_Value{name="a,b"}', 1],
    ])
    expect(() => readBeansPage(Buffer.from('[]'), { family: () => ({}) as never, sample() {} })).toThrow(
      PageError,
    )
  })

  test.each([
    ['OpenMetrics', OPEN_METRICS, true],
    ['the old format', TEXT, false],
    ['JMX', JMX, undefined],
  ])(
    `%s: ${INPUTS} mutated pages are read or refused`,
    (_, text, openMetrics) => {
      const next = random(1)
      const body = Buffer.from(text)
      const visitor = {
        family: () => ({ type: '', help: '', unit: '' }),
        sample(key: string, value: number) {
          expect(typeof value).toBe('number')
          parseKey(key)
        },
      }
      for (let i = 0; i < INPUTS; i++) {
        const page = Buffer.from(mutate(body, next))
        try {
          if (openMetrics === undefined) readBeansPage(page, visitor)
          else readPage(page, openMetrics, visitor)
        } catch (error) {
          if (!(error instanceof PageError)) throw new Error(page.toString('base64'), { cause: error })
        }
      }
    },
    120_000,
  )

  test('deeply nested JSON and a line without an end take no time', () => {
    const deep = `{"beans":[{"name":"a:b=c","x":${'{"y":'.repeat(20_000)}1${'}'.repeat(20_000)}}]}`
    readBeansPage(Buffer.from(deep), { family: () => ({}) as never, sample() {} })
    expect(() => read(`m{${'a="b",'.repeat(200_000)}`, false)).toThrow(/longer than 65536 bytes/)
    expect(() => parseKey(`m{${'a="'.repeat(50_000)}}`)).toThrow(PageError)
  })
})

describe('settings', () => {
  test('defaults', () => {
    expect(
      readScrapeSettings(
        '{"targets":[{"url":"http://a:9100/metrics"},{"url":"https://b/jmx","timeout":"3s"}]}',
      ),
    ).toEqual([
      {
        url: 'http://a:9100/metrics',
        format: 'prometheus',
        intervalMs: 60_000,
        timeoutMs: 10_000,
        labels: [{ name: 'instance', value: 'a:9100' }],
        metricPrefix: '',
        bearerTokenFile: undefined,
        caFile: undefined,
        verifyCertificate: true,
        maxSamples: 50_000,
        maxBytes: 16 * 1024 * 1024,
      },
      expect.objectContaining({
        format: 'jmx',
        timeoutMs: 3_000,
        labels: [{ name: 'instance', value: 'b:443' }],
      }),
    ])
  })

  test.each([
    ['nonsense', /is not JSON/],
    ['[]', /list "targets"/],
    ['{"targets":[{}]}', /targets\[0\]\.url/],
    ['{"targets":[{"url":"http://u:p@a/metrics"}]}', /without user and password/],
    ['{"targets":[{"url":"http://a","intervall":1}]}', /targets\[0\]\.intervall is not known/],
    ['{"targets":[{"url":"http://a","interval":"1ms"}]}', /targets\[0\]\.interval has to be a time/],
    ['{"targets":[{"url":"http://a","interval":"5s","timeout":"9s"}]}', /timeout/],
    ['{"targets":[{"url":"http://a","labels":{"a b":"c"}}]}', /"a b" is not the name of a label/],
    ['{"targets":[{"url":"http://a","metricPrefix":"a-"}]}', /metricPrefix/],
    ['{"targets":[{"url":"http://a","bearerTokenFile":"token"}]}', /absolute path/],
    ['{"targets":[{"url":"http://a"},{"url":"http://a"}]}', /twice/],
  ])('%s', (text, message) => {
    expect(() => readScrapeSettings(text)).toThrow(message)
  })
})

describe('targets', () => {
  let bench: TestBench
  let monitor: TestIngest
  let folder: string
  const servers: Server[] = []

  beforeAll(async () => {
    bench = await startBench()
    monitor = await bench.start({ pastSeconds: 10 * 365 * 86_400 })
    folder = await mkdtemp(join(tmpdir(), 'bellwether-targets-'))
  })
  afterAll(async () => {
    for (const server of servers) server.closeAllConnections()
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
    await bench.cleanUp()
    await rm(folder, { recursive: true, force: true })
  })

  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener).listen(0, '127.0.0.1')
    servers.push(server)
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as { port: number }).port}`
  }

  async function store(batch: NativeBatch): Promise<void> {
    const answer = await post(`${monitor.url}/ingest/native`, encodeNativeBatch(batch), {
      'content-type': 'application/x-bellwether-batch',
    })
    expect(JSON.parse(answer.text)).toMatchObject({ refused: 0 })
  }

  const scrapeOnce = async (target: object) => {
    const [settings] = readScrapeSettings(JSON.stringify({ targets: [target] }))
    const { batch, error } = await createTargetReader(settings!, 'agent on a', logger).scrape(Date.now())
    const values = new Map<string, number>()
    batch.sampleSeries.forEach((series, i) => {
      values.set(batch.metrics[batch.seriesMetric[series]!]!.name, batch.sampleValue[i]!)
    })
    return { batch, error, values }
  }

  test('are stored as a Prometheus that remote writes would store them, with what the page says of its metrics', async () => {
    const url = await serve((_, response) => {
      response.setHeader('content-type', 'application/openmetrics-text; version=1.0.0; charset=utf-8')
      response.end(OPEN_METRICS.replace('requests_created{', 'requests_created{instance="own",'))
    })
    const { batch, error } = await scrapeOnce({ url: `${url}/metrics`, labels: { job: 'shop', host: 'h1' } })
    expect(error).toBeUndefined()
    await store(batch)
    const instance = `instance=${url.slice(7)}`
    const rows = await monitor.rows()
    expect(rows.find(({ metric }) => metric === 'requests_total')).toEqual({
      metric: 'requests_total',
      entity: `code=200,hostname=h1,${instance},job=shop,path=/a\\,b}`,
      time: 1_700_000_000_250,
      value: 5,
    })
    const names = new Set(rows.map(({ metric }) => metric))
    expect(names).toContain('latency_seconds_bucket')
    expect(names).not.toContain('requests_created')
    expect(rows.find(({ metric }) => metric === 'up')).toMatchObject({
      entity: `hostname=h1,${instance},job=shop`,
      value: 1,
    })
    expect(rows.find(({ metric }) => metric === 'scrape_samples_scraped')?.value).toBe(7)
    const { catalogue } = monitor.store
    expect(catalogue.findMetric('requests_total')).toMatchObject({
      isCounter: true,
      description: 'Requests with "quotes" and a\nline.',
      unitNumerators: ['requests'],
    })
    expect(catalogue.findMetric('latency_seconds_count')).toMatchObject({
      isCounter: true,
      unitNumerators: [],
    })
    expect(catalogue.findMetric('temperature_celsius')).toMatchObject({
      isCounter: false,
      unitNumerators: ['celsius'],
    })
  })

  test('labels of the page give way to those of the target; a prefix is put before names', async () => {
    const url = await serve((_, response) => response.end('m{instance="own"} 1\n'))
    const { batch } = await scrapeOnce({ url, labels: { instance: 'mine' }, metricPrefix: 'my_' })
    expect(batch.metrics[0]).toMatchObject({ name: 'my_m' })
    expect(batch.entities[0]).toMatchObject({ name: 'exported_instance=own,instance=mine' })
    expect(batch.metrics.map(({ name }) => name)).toContain('up')
  })

  test('a JMX page', async () => {
    const url = await serve((_, response) => response.end(JMX))
    const { values } = await scrapeOnce({ url: `${url}/jmx` })
    expect(values.get('hadoop_namenode_capacitytotal')).toBe(12)
    expect(values.get('up')).toBe(1)
  })

  test('the token is read anew for each scrape, sent, and never to be seen', async () => {
    const seen: (string | undefined)[] = []
    const url = await serve((request, response) => {
      seen.push(request.headers.authorization)
      response.statusCode = seen.length > 1 ? 403 : 200
      response.end('m 1\n')
    })
    const bearerTokenFile = join(folder, 'token')
    await writeFile(bearerTokenFile, 's3cret\n', { mode: 0o600 })
    expect((await scrapeOnce({ url, bearerTokenFile })).values.get('up')).toBe(1)
    await writeFile(bearerTokenFile, 'other\n')
    const refused = await scrapeOnce({ url, bearerTokenFile })
    expect(seen).toEqual(['Bearer s3cret', 'Bearer other'])
    expect(refused.error).toBe('HTTP 403')
    await writeFile(bearerTokenFile, 'two\nlines\n')
    expect((await scrapeOnce({ url, bearerTokenFile })).error).toMatch(/holds no token/)
  })

  test.each<[string, RequestListener, RegExp]>([
    ['answers with an error', (_, response) => response.writeHead(500).end(), /HTTP 500/],
    [
      'leads elsewhere',
      (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      /HTTP 302/,
    ],
    ['never ends', (_, response) => void response.write('m 1\n'), /no answer within 300 ms/],
    [
      'has a page that is too long',
      (_, response) => response.end('m 1\n'.repeat(1_000)),
      /more than 1000 bytes/,
    ],
    ['has too many samples', (_, response) => response.end('m 1\n'.repeat(11)), /more than 10 samples/],
    [
      'has a page that is cut off',
      (_, response) => {
        response.setHeader('content-type', 'application/openmetrics-text')
        response.end('m 1\n')
      },
      /cut off/,
    ],
  ])('one that %s is down, and says why', async (_, listener, message) => {
    const url = await serve(listener)
    const endless = message.source.includes('300 ms')
    const { values, error } = await scrapeOnce({
      url,
      timeout: endless ? '300ms' : '10s',
      maxSamples: 10,
      maxBytes: 1_000,
    })
    expect(error).toMatch(message)
    expect([...values.keys()].sort()).toEqual(['scrape_duration_seconds', 'scrape_samples_scraped', 'up'])
    expect(values.get('up')).toBe(0)
  })

  test('of a file are scraped in their intervals, and follow it', async () => {
    const asked = new Map<string, number>()
    const url = await serve((request, response) => {
      asked.set(request.url!, (asked.get(request.url!) ?? 0) + 1)
      response.end('m 1\n')
    })
    const file = join(folder, 'scrape.json')
    const settings = (...paths: string[]) =>
      JSON.stringify({ targets: paths.map((path) => ({ url: `${url}${path}`, interval: '1s' })) })
    await writeFile(file, settings('/a', '/b'))
    const times: number[] = []
    const targets = await startScrapeTargets({
      file,
      agentName: 'agent on a',
      logger,
      watchMs: 20,
      deliver: async (batch) => void times.push(...batch.sampleTime.slice(0, 1)),
    })
    try {
      await until('both are asked', () => asked.size === 2)
      await writeFile(file, 'broken')
      await until('they are asked again', () => (asked.get('/a') ?? 0) >= 2)
      await writeFile(file, settings('/c'))
      await until('the new one is asked', () => (asked.get('/c') ?? 0) >= 1)
      expect(targets.count).toBe(1)
      // Stamps lie on a grid.
      expect(times.every((time) => time % 1_000 === 0)).toBe(true)
    } finally {
      await targets.stop()
      await targets.stop()
    }
    await writeFile(file, 'broken')
    await expect(
      startScrapeTargets({ file, agentName: '', logger, deliver: async () => undefined }),
    ).rejects.toThrow(/scrape\.json is not JSON/)
  })

  const EXPORTER = '/usr/bin/prometheus-node-exporter'
  test.skipIf(!existsSync(EXPORTER))(
    `a real node exporter${existsSync(EXPORTER) ? '' : ` (skipped: no ${EXPORTER}; apt install prometheus-node-exporter)`}`,
    async () => {
      const port = await freePort()
      const child = spawn(EXPORTER, [`--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' })
      const exited = once(child, 'exit')
      try {
        const url = `http://127.0.0.1:${port}/metrics`
        await until('the exporter answers', async () => (await scrapeOnce({ url })).values.get('up') === 1)
        const { batch, values } = await scrapeOnce({ url, labels: { job: 'node' } })
        expect(values.get('scrape_samples_scraped')).toBeGreaterThan(300)
        await store(batch)
        const rows = await monitor.rows()
        expect(rows.find(({ metric }) => metric === 'node_load1')?.entity).toBe(
          `instance=127.0.0.1:${port},job=node`,
        )
        expect(monitor.store.catalogue.findMetric('node_cpu_seconds_total')).toMatchObject({
          isCounter: true,
          description: expect.stringContaining('Seconds the CPUs spent'),
        })
      } finally {
        child.kill('SIGKILL')
        await exited
      }
    },
    120_000,
  )
})
