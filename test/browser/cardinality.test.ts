import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Browser, describeInBrowser, startBrowser } from './chromium.js'
import { type FixtureServer, startFixtureServer } from './fixtures/server.js'
import { openPage, parameter, soon, textOf } from './page.js'

describeInBrowser('the cardinality page', () => {
  let browser: Browser
  let server: FixtureServer
  beforeAll(async () => {
    browser = await startBrowser()
    server = await startFixtureServer({ entities: [], since: Date.now(), stepMs: 10_000, outages: [] })
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  it('shows the largest of everything, limits and refusals, and is reached by the navigation', async () => {
    const { page, complaints } = await openPage(browser, server.url)
    await page.getByRole('link', { name: 'Cardinality' }).click()
    await soon(() => textOf(page.getByRole('alert'))).toContain('The monitor does not answer')

    server.cardinality = {
      metrics: 3,
      entities: 31,
      series: 4_500_000,
      topMetrics: [{ name: 'noisy_a', series: 30 }],
      topSenders: [{ sender: '<b>loud</b>', series: 60 }],
      topCategories: [{ category: 'CUSTOM', entities: 30, series: 60 }],
      topAttributes: [{ attribute: 'request', values: 30, series: 60 }],
      limits: { series: 5_000_000, seriesPerSender: 1_000_000, entities: 1_000_000, metrics: 100_000 },
      refused: {
        samples: 7,
        reasons: [{ reason: 'catalogue-limit', samples: 7 }],
        senders: [{ sender: 'loud', protocol: 'influx', refused: 7, stored: 9, lastSeen: 1_700_000_000_000 }],
      },
    }
    await page.getByRole('button', { name: 'Try now' }).click()
    const table = (name: string) => page.getByRole('table', { name, exact: true })
    await soon(() => table('Senders').locator('tbody').innerText()).toMatch(/<b>loud<\/b>\s+60/)
    expect(await table('Attributes').locator('tbody').innerText()).toMatch(/request\s+30\s+60/)
    expect(await table('Categories').locator('tbody').innerText()).toMatch(/CUSTOM\s+30\s+60/)
    expect(await table('Refused, by reason').locator('tbody').innerText()).toMatch(/catalogue-limit\s+7/)
    expect(await table('Refused, by sender').locator('tbody').innerText()).toMatch(/loud\s+influx\s+7\s+9/)
    // What is near its limit is marked, the rest is not.
    expect(await page.locator('.limit.near').allInnerTexts()).toEqual([
      expect.stringContaining('--max-series'),
    ])
    expect(await page.locator('.limit').count()).toBe(4)

    await table('Metrics').getByRole('link', { name: 'noisy_a' }).click()
    await soon(() => parameter(page, 'query')).toBe('SELECT noisy_a')
    await page.getByLabel('Query').waitFor()
    expect(complaints).toEqual([])
    await page.close()
  })
})
