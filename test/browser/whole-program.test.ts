import { hostname } from 'node:os'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { startUp, stopProgram, temporaryFolder, type Up } from '../integration/program.js'
import { type Browser, describeInBrowser, startBrowser } from './chromium.js'
import {
  chart,
  dragOver,
  drawn,
  legendOf,
  linePixels,
  type OpenPage,
  openPage,
  parameter,
  soon,
  textOf,
} from './page.js'

/** The charts that every machine has data for: not each has swap, disks of its own, or a network. */
const EVERYWHERE = ['cpu', 'load', 'memory', 'filesystems']

describeInBrowser('the whole program in a browser', () => {
  const folder = temporaryFolder()
  let program: Up
  let browser: Browser
  let open: OpenPage

  beforeAll(async () => {
    program = await startUp(folder.path)
    browser = await startBrowser()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    if (program) await stopProgram(program)
    folder.remove()
  }, 120_000)
  afterEach(async () => {
    expect(open.complaints).toEqual([])
    await open.page.close()
  })

  it('shows live charts of this machine, without any configuration', async () => {
    open = await openPage(browser, program.url)
    const { page } = open
    await page.getByRole('heading', { name: hostname() }).waitFor({ timeout: 60_000 })
    for (const id of EVERYWHERE)
      await expect.poll(() => linePixels(page, id, 0, 1), { timeout: 60_000 }).toBeGreaterThan(20)
    await soon(() => legendOf(page, 'cpu')).toContain('user')
    await soon(() => textOf(page.locator('.chip'))).toBe('Live')
    const shown = await chart(page, 'load').locator('.plot').getAttribute('aria-label')
    await expect
      .poll(() => chart(page, 'load').locator('.plot').getAttribute('aria-label'), { timeout: 60_000 })
      .not.toBe(shown)
  }, 120_000)

  it('marks an error of a query where it is', async () => {
    open = await openPage(browser, `${program.url}/?page=charts`)
    const { page } = open
    await page.getByLabel('Query').fill('select load_1 wher category = HOST')
    await page.keyboard.press('Enter')
    const mark = page.locator('.editor-copy mark')
    await mark.first().waitFor()
    expect(await textOf(mark.first())).toBe('wher')
    await page
      .locator('.suggestion', { hasText: /^where$/i })
      .first()
      .click()
    await page.keyboard.press('Enter')
    await drawn(page, '0-all')
    await soon(() => mark.count()).toBe(0)
  }, 120_000)

  it('formats a query, shows more streams than the limit, and the plan of an EXPLAIN', async () => {
    const query = 'select load_1,load_5 where (category=HOST)'
    open = await openPage(
      browser,
      `${program.url}/?page=charts&query=${encodeURIComponent(query)}&limit=1&from=now-5m`,
    )
    const { page } = open
    await page.locator('.warning').getByRole('button', { name: 'Show up to 4' }).click()
    await soon(() => legendOf(page, '0-all')).toEqual(['load_1', 'load_5'])
    expect(parameter(page, 'limit')).toBe('4')
    await page.getByRole('button', { name: 'Format' }).click()
    const box = page.getByLabel('Query')
    await soon(() => box.inputValue()).toBe('SELECT load_1, load_5 WHERE category = HOST')
    await box.fill('explain select load_1 where category = HOST')
    await page.keyboard.press('Enter')
    await soon(() => textOf(page.locator('.plan'))).toContain('reads samples of load_1')
    expect(parameter(page, 'limit')).toBeNull()
  }, 120_000)

  it('shows how much is stored of each level, and for how long', async () => {
    open = await openPage(browser, `${program.url}/?page=cardinality`)
    const rows = open.page.getByRole('table', { name: 'Storage' }).locator('tbody tr')
    await soon(() => rows.count()).toBe(6)
    expect(await textOf(rows.first())).toMatch(/^RAW\s*[1-9]/)
    expect(await textOf(rows.first())).toContain('30 d')
  }, 120_000)

  it('zooms, isolates, and shows the same after a reload, dark and light', async () => {
    open = await openPage(
      browser,
      `${program.url}/?page=charts&query=${encodeURIComponent('select load_1, load_5 where category = HOST')}&from=now-5m`,
    )
    const { page } = open
    await drawn(page, '0-all')
    await chart(page, '0-all').getByRole('button', { name: 'load_5' }).click()
    await dragOver(page, '0-all', 0.5, 0.999)
    await soon(() => parameter(page, 'home')).toBe('now-5m~now')
    await drawn(page, '0-all')
    const address = page.url()
    await page.getByRole('button', { name: 'Light theme' }).click()
    await page.reload()
    await drawn(page, '0-all')
    expect(page.url()).toBe(address)
    await soon(() => legendOf(page, '0-all')).toEqual(['(load_1)', 'load_5'])
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('light')
    await page.keyboard.press('0')
    await soon(() => parameter(page, 'from')).toBe('now-5m')
  }, 120_000)

  it('answers every example', async () => {
    open = await openPage(browser, `${program.url}/?page=charts`)
    const { page } = open
    const examples = page.locator('.beginning li')
    await examples.first().waitFor()
    const count = await examples.count()
    for (let i = 0; i < count; i++) {
      await page.goto(`${program.url}/?page=charts`)
      const query = await textOf(examples.nth(i).locator('code'))
      await examples.nth(i).getByRole('button').click()
      await page.locator('.result-bar').waitFor()
      await soon(() => parameter(page, 'query')).toBe(query)
      expect(await page.getByRole('alert').count()).toBe(0)
    }
  }, 120_000)
})
