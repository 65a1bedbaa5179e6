import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { NativeBatch } from '../../../wire/native-batch.js'
import { fetchPage } from '../fetch.js'
import { readBeansPage } from './beans.js'
import { createDictionary } from './dictionary.js'
import { type Family, PageError, readPage } from './page.js'
import type { ScrapeTarget } from './settings.js'

export interface TargetReader {
  /**
   * Reads the page once, and stamps what has no time of its own with `at`, milliseconds. Never rejects: a page that cannot be
   * read is a batch that says `up` 0.
   */
  scrape(at: number): Promise<{ batch: NativeBatch; error: string | undefined; seconds: number }>
}

const MOST_TOKEN_BYTES = 64 * 1024

/**
 * Reads one target. Besides what is on its page there are, with the target's labels: `up` (1: the page was read),
 * `scrape_duration_seconds` and `scrape_samples_scraped`.
 */
export function createTargetReader(target: ScrapeTarget, agentName: string, logger: Logger): TargetReader {
  const dictionary = createDictionary({
    sender: `scrape of ${target.url} by ${agentName}`.slice(0, 200),
    labels: target.labels,
    metricPrefix: target.metricPrefix,
  })
  // These are the target's, not the page's: a prefix would hide them.
  const about = createDictionary({ sender: '', labels: target.labels, metricPrefix: '' })
  let failing = false

  async function headers(): Promise<Record<string, string>> {
    if (target.bearerTokenFile === undefined) return {}
    const file = await readFile(target.bearerTokenFile)
    const token = file.toString('utf8').trim()
    if (file.length > MOST_TOKEN_BYTES || !/^[\x21-\x7e]+$/.test(token))
      throw new Error(
        `${target.bearerTokenFile} holds no token: one line of printable characters is expected`,
      )
    return { authorization: `Bearer ${token}` }
  }

  async function read(at: number): Promise<void> {
    const ca = target.caFile === undefined ? undefined : await readFile(target.caFile)
    const { page, contentType } = await fetchPage(
      target.url,
      { timeoutMs: target.timeoutMs, maxBytes: target.maxBytes },
      {
        headers: await headers(),
        rejectUnauthorized: target.verifyCertificate,
        accept: target.format === 'jmx' ? 'application/json' : undefined,
        ...(ca && { ca }),
      },
    )
    const families = new Map<string, Family>()
    const openMetrics = /^application\/openmetrics-text\b/i.test(contentType)
    dictionary.begin(families)
    const visitor = {
      family(name: string) {
        let family = families.get(name)
        if (family === undefined) families.set(name, (family = { type: '', help: '', unit: '' }))
        return family
      },
      sample(key: string, value: number, own: number) {
        dictionary.add(key, value, Number.isFinite(own) ? own : at, openMetrics)
        if (dictionary.count > target.maxSamples)
          throw new PageError(`the page has more than ${target.maxSamples} samples: raise maxSamples`)
      },
    }
    if (target.format === 'jmx') readBeansPage(page, visitor)
    else readPage(page, openMetrics, visitor)
  }

  return {
    async scrape(at) {
      const began = performance.now()
      let error: string | undefined
      try {
        await read(at)
      } catch (cause) {
        error = (cause as Error).message
        // Half a page would look like series that have ended.
        dictionary.begin(new Map())
      }
      const seconds = (performance.now() - began) / 1000
      if (error !== undefined && !failing)
        logger.warn({ target: target.url, error }, 'A scrape target cannot be read')
      if (error === undefined && failing)
        logger.info({ target: target.url }, 'A scrape target can be read again')
      failing = error !== undefined
      about.begin(new Map())
      about.add('up', error === undefined ? 1 : 0, at, false)
      about.add('scrape_duration_seconds', seconds, at, false)
      about.add('scrape_samples_scraped', dictionary.count, at, false)
      return { batch: joined(dictionary.finish(), about.finish()), error, seconds }
    },
  }
}

/** Two batches of one sender as one. */
function joined(a: NativeBatch, b: NativeBatch): NativeBatch {
  const shifted = (list: Uint32Array, by: number) => list.map((index) => index + by)
  const both = (x: Uint32Array, y: Uint32Array) => Uint32Array.from([...x, ...y])
  const values = (x: Float64Array, y: Float64Array) => {
    const all = new Float64Array(x.length + y.length)
    all.set(x)
    all.set(y, x.length)
    return all
  }
  return {
    sender: a.sender,
    metrics: [...a.metrics, ...b.metrics],
    entities: [...a.entities, ...b.entities],
    seriesMetric: both(a.seriesMetric, shifted(b.seriesMetric, a.metrics.length)),
    seriesEntity: both(a.seriesEntity, shifted(b.seriesEntity, a.entities.length)),
    sampleSeries: both(a.sampleSeries, shifted(b.sampleSeries, a.seriesMetric.length)),
    sampleTime: values(a.sampleTime, b.sampleTime),
    sampleValue: values(a.sampleValue, b.sampleValue),
  }
}
