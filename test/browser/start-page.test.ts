import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Browser, describeInBrowser, startBrowser } from './chromium.js'
import { type FixtureServer, startFixtureServer } from './fixtures/server.js'
import { type FixtureWorld, hostEntities } from './fixtures/world.js'
import {
  chart,
  dragOver,
  drawn,
  legendOf,
  linePixels,
  type OpenPage,
  openPage,
  parameter,
  pointAt,
  settled,
  soon,
  textOf,
} from './page.js'

const CHARTS = [
  'cpu',
  'load',
  'memory',
  'swap',
  'disk-throughput',
  'disk-await',
  'disk-utilization',
  'filesystems',
  'network',
]

const worldOf = (...hosts: string[]): FixtureWorld => ({
  entities: hosts.flatMap((host) => hostEntities(`id-${host}`, host)),
  since: Date.now() - 86_400_000,
  stepMs: 10_000,
  outages: [],
})

describeInBrowser('start page', () => {
  let browser: Browser
  let server: FixtureServer
  let open: OpenPage

  beforeAll(async () => {
    browser = await startBrowser()
    server = await startFixtureServer(worldOf('node-1'))
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })
  beforeEach(() => {
    server.world = worldOf('node-1')
    server.fault = null
    server.queries.length = 0
  })
  afterEach(async () => {
    expect(open.complaints).toEqual([])
    await open.page.close()
  })

  it('shows the charts of the only host, without any configuration', async () => {
    open = await openPage(browser, server.url)
    const { page } = open
    await page.getByRole('heading', { name: 'node-1' }).waitFor()
    for (const id of CHARTS) await drawn(page, id)
    await soon(() => legendOf(page, 'load')).toEqual(['1 min', '5 min', '15 min', 'cores'])
    await soon(() => legendOf(page, 'disk-await')).toEqual(['vda', 'nvme0n1'])
    expect(page.url()).toBe(server.url)
  })

  it('waits for the first data and turns into charts by itself', async () => {
    server.world = { ...worldOf(), entities: [] }
    open = await openPage(browser, server.url)
    const { page } = open
    await page.getByRole('heading', { name: 'Waiting for the first measurements' }).waitFor()
    server.world = { ...worldOf('node-1'), since: Date.now() - 25_000 }
    for (const id of CHARTS) await drawn(page, id)
    expect(await linePixels(page, 'network', 0, 0.3)).toBe(0)
    await pointAt(page, 'network', 0.2)
    await soon(() => textOf(chart(page, 'network').locator('.legend .value').first())).toBe('–')
  })

  it('puts hosts side by side and lets one be picked', async () => {
    server.world = worldOf('node-1', 'node-2', 'node-10')
    open = await openPage(browser, server.url)
    const { page } = open
    await drawn(page, 'all-cpu')
    await soon(() => legendOf(page, 'all-cpu')).toEqual(['node-1', 'node-2', 'node-10'])
    const picker = page.getByLabel('Host')
    await soon(() => picker.locator('option').allInnerTexts()).toEqual([
      'All hosts (3)',
      'node-1',
      'node-2',
      'node-10',
    ])
    await picker.selectOption('node-2')
    await drawn(page, 'cpu')
    await soon(() => parameter(page, 'host')).toBe('id-node-2')
    await page.goBack()
    await drawn(page, 'all-cpu')
  })

  it('finds one of more hosts than are listed by a part of its name', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `node-${i}.rack${i % 3}`)
    server.world = { ...worldOf(...names), streamLimit: 5 }
    open = await openPage(browser, server.url)
    const { page } = open
    const field = page.locator('#host-search')
    const found = page.getByRole('listbox', { name: 'Hosts' }).getByRole('option')
    await field.click()
    await soon(() => found.allInnerTexts()).toEqual(names.slice(0, 5))
    await page.getByText('There are more').waitFor()
    await field.fill('E-2.rack')
    await soon(() => found.allInnerTexts()).toEqual(['node-2.rack2'])
    await field.fill('no"such\\')
    await page.getByText('No host has this in its name.').waitFor()
    await field.fill('-28')
    await soon(() => found.allInnerTexts()).toEqual(['node-28.rack1'])
    await field.press('Enter')
    await soon(() => parameter(page, 'host')).toBe('id-node-28.rack1')
    await page.getByRole('heading', { name: 'node-28.rack1' }).waitFor()
    await drawn(page, 'cpu')
    await page.getByRole('button', { name: 'All hosts' }).click()
    await soon(() => parameter(page, 'host')).toBe(null)
  })

  it('shares the cursor between all charts and holds the refresh meanwhile', async () => {
    open = await openPage(browser, server.url)
    const { page } = open
    for (const id of CHARTS) await drawn(page, id)
    const chip = page.locator('.chip')
    await soon(() => textOf(chip)).toBe('Live')
    const values = () => chart(page, 'load').locator('.legend .value').allInnerTexts()
    const before = await values()
    await pointAt(page, 'cpu', 0.3)
    await chart(page, 'cpu').locator('.tooltip').waitFor()
    await soon(() => page.locator('.tooltip').count()).toBe(1)
    await soon(() => textOf(chip)).toBe('Paused')
    const numbers = (await chart(page, 'cpu').locator('.tooltip .value').allInnerTexts()).map(
      Number.parseFloat,
    )
    expect(numbers).toEqual([...numbers].sort((a, b) => b - a))
    await soon(values).not.toEqual(before)
    const cursors = () =>
      page.evaluate<string[]>(
        "[...document.querySelectorAll('.u-cursor-x')].map((line) => new DOMMatrix(getComputedStyle(line).transform).e.toFixed())",
      )
    await soon(async () => new Set(await cursors()).size).toBe(1)
    await page.mouse.move(5, 5)
    await soon(() => textOf(chip)).toBe('Live')
    await soon(() => page.locator('.tooltip').count()).toBe(0)
  })

  it('zooms all charts by dragging; Back undoes it, and a double click goes back to live', async () => {
    open = await openPage(browser, server.url)
    const { page } = open
    await drawn(page, 'cpu')
    await drawn(page, 'network')
    const ticks = () => chart(page, 'network').locator('.plot').getAttribute('aria-label')
    const before = await ticks()
    await dragOver(page, 'cpu', 0.25, 0.5)
    await soon(() => parameter(page, 'from')).toMatch(/^\d{4}-.*Z$/)
    const zoomed = parameter(page, 'to')
    const width = Date.parse(zoomed ?? '') - Date.parse(parameter(page, 'from') ?? '')
    expect(width).toBeGreaterThan(6.5 * 60_000)
    expect(width).toBeLessThan(8.5 * 60_000)
    await soon(() => textOf(page.locator('.chip'))).toBe('Paused')
    await soon(() => server.queries.at(-1)?.to).toBe(Date.parse(zoomed ?? ''))
    await soon(ticks).not.toBe(before)

    await dragOver(page, 'load', 0.2, 0.8)
    await soon(() => parameter(page, 'to')).not.toBe(zoomed)
    await page.goBack()
    await soon(
      () => Date.parse(parameter(page, 'to') ?? '') - Date.parse(parameter(page, 'from') ?? ''),
    ).toBe(width)
    await page.goForward()
    await chart(page, 'cpu').locator('.u-over').dblclick()
    await soon(() => new URL(page.url()).search).toBe('')
    await page.mouse.move(5, 5)
    await soon(() => textOf(page.locator('.chip'))).toBe('Live')
  })

  it('isolates a line with a click and hides one with Ctrl and a click, and keeps it in the address', async () => {
    open = await openPage(browser, server.url)
    const { page } = open
    await drawn(page, 'load')
    const line = (name: string) => chart(page, 'load').getByRole('button', { name })
    await line('5 min')
      .first()
      .click({ modifiers: ['Control'] })
    await soon(() => legendOf(page, 'load')).toEqual(['1 min', '(5 min)', '15 min', 'cores'])
    await line('15 min').click()
    await soon(() => legendOf(page, 'load')).toEqual(['(1 min)', '(5 min)', '15 min', '(cores)'])
    await page.reload()
    await drawn(page, 'load')
    await soon(() => legendOf(page, 'load')).toEqual(['(1 min)', '(5 min)', '15 min', '(cores)'])
    await line('15 min').click()
    await soon(() => legendOf(page, 'load')).toEqual(['1 min', '5 min', '15 min', 'cores'])
    await soon(() => page.url()).toBe(server.url)
  })

  it('draws a gap where no data was collected', async () => {
    const now = Date.now()
    server.world = { ...server.world, outages: [{ from: now - 15 * 60_000, to: now - 9 * 60_000 }] }
    open = await openPage(browser, server.url)
    const { page } = open
    for (const id of ['cpu', 'load', 'network']) {
      await drawn(page, id)
      expect(await linePixels(page, id, 0.55, 0.65)).toBe(0)
      expect(await linePixels(page, id, 0.35, 0.45)).toBeGreaterThan(20)
    }
  })

  it('says calmly that the monitor is away, keeps what it has, and goes on by itself', async () => {
    open = await openPage(browser, server.url)
    const { page } = open
    await drawn(page, 'cpu')
    server.fault = {
      status: 503,
      body: { message: 'The monitor cannot be reached.', code: 'MONITOR_UNAVAILABLE' },
    }
    await page.keyboard.press('r')
    const banner = page.getByRole('alert')
    await banner.waitFor()
    await soon(() => textOf(page.locator('.chip'))).toBe('No answer')
    expect(await banner.count()).toBe(1)
    await soon(() => textOf(banner)).toContain('The monitor does not answer.')
    await soon(() => chart(page, 'cpu').getAttribute('class')).toContain('stale')
    expect(await linePixels(page, 'cpu', 0, 1)).toBeGreaterThan(20)
    server.fault = 'cut'
    await banner.getByRole('button', { name: 'Try now' }).click()
    await soon(() => textOf(banner)).toContain('The manager does not answer.')
    server.fault = null
    await banner.waitFor({ state: 'detached' })
    await soon(() => chart(page, 'cpu').getAttribute('class')).not.toContain('stale')
  })

  it('never has two requests of the same page under way', async () => {
    open = await openPage(browser, `${server.url}?refresh=0`)
    const { page } = open
    await drawn(page, 'cpu')
    server.fault = 'silent'
    const before = server.queries.length
    for (let i = 0; i < 4; i++) {
      await page.keyboard.press('r')
      await soon(() => server.queries.length).toBe(before + i + 1)
    }
    const asked = server.queries.slice(before)
    await soon(() => asked.map((query) => query.aborted)).toEqual([true, true, true, false])
  })

  it('refreshes by itself, waits while its tab is in the background, and catches up afterwards', async () => {
    open = await openPage(browser, `${server.url}?refresh=1`)
    const { page } = open
    await drawn(page, 'cpu')
    const asked = () => server.queries.filter(({ query }) => query.includes('cpu_user_rate')).length
    const before = asked()
    await soon(asked).toBeGreaterThan(before + 1)
    const show = (state: string) =>
      page.evaluate(
        `Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`,
      )
    await show('hidden')
    await soon(() => textOf(page.locator('.chip'))).toBe('Paused')
    await settled(page)
    const hidden = asked()
    await page.waitForTimeout(1500)
    await settled(page)
    expect(asked()).toBe(hidden)
    await show('visible')
    await soon(asked).toBeGreaterThan(hidden)
    await dragOver(page, 'cpu', 0.2, 0.6)
    await soon(() => parameter(page, 'from')).toMatch(/Z$/)
    await page.mouse.move(5, 5)
    await soon(() => server.queries.at(-1)?.to).toBe(Date.parse(parameter(page, 'to') ?? ''))
    await soon(() => textOf(page.locator('.chip'))).toBe('Paused')
    await settled(page)
    const zoomed = asked()
    await page.waitForTimeout(1500)
    await settled(page)
    expect(asked()).toBe(zoomed)
    await page.keyboard.press('0')
    await soon(() => textOf(page.locator('.chip'))).toBe('Live')
  })

  it('pauses and goes on by the chip and by key', async () => {
    open = await openPage(browser, server.url)
    const { page } = open
    await drawn(page, 'cpu')
    await page.locator('.chip').click()
    await soon(() => textOf(page.locator('.chip'))).toBe('Paused')
    await soon(() => parameter(page, 'refresh')).toBe('0')
    await page.keyboard.press('p')
    await soon(() => textOf(page.locator('.chip'))).toBe('Live')
    await soon(() => parameter(page, 'refresh')).toBeNull()
  })

  it('shows names from outside as text, never as markup', async () => {
    const evil = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
    server.world = worldOf(evil, 'node-2')
    open = await openPage(browser, server.url)
    const { page } = open
    await drawn(page, 'all-cpu')
    await soon(() => legendOf(page, 'all-cpu')).toContain(evil)
    await pointAt(page, 'all-cpu', 0.5)
    await page.locator('.tooltip').waitFor()
    await soon(() => textOf(page.locator('.tooltip'))).toContain('<img')
    await page.getByLabel('Host').selectOption(`id-${evil}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    expect(await page.evaluate('window.hacked')).toBeUndefined()
    await soon(() => page.locator('img').count()).toBe(1)
    await soon(() => page.locator('#app script').count()).toBe(0)
  })

  it('is dark or light as the system is, or as the reader chose before', async () => {
    open = await openPage(browser, server.url)
    const { page } = open
    await drawn(page, 'cpu')
    const background = () =>
      page.evaluate<string>("getComputedStyle(document.querySelector('.card')).backgroundColor")
    const dark = await background()
    await page.getByRole('button', { name: 'Light theme' }).click()
    await soon(background).not.toBe(dark)
    const light = await background()
    await page.reload()
    await soon(background).toBe(light)
    await page.keyboard.press('d')
    await soon(background).toBe(dark)
    await page.evaluate("localStorage.removeItem('bellwether.theme')")
    await page.emulateMedia({ colorScheme: 'light' })
    await soon(background).toBe(light)
  })

  it('shows local time or UTC', async () => {
    open = await openPage(browser, server.url)
    const { page } = open
    await drawn(page, 'cpu')
    await pointAt(page, 'cpu', 0.5)
    const time = async () => Date.parse(`${(await textOf(page.locator('.tooltip-time'))).replace(' ', 'T')}Z`)
    const local = await time()
    await page.keyboard.press('u')
    await soon(() => parameter(page, 'tz')).toBe('utc')
    await drawn(page, 'cpu')
    await pointAt(page, 'cpu', 0.501)
    await soon(async () => Math.round((local - (await time())) / 3_600_000)).toBeGreaterThanOrEqual(1)
    await page.keyboard.press('u')
  })

  it('takes ranges as text and says what is wrong with them', async () => {
    open = await openPage(browser, server.url)
    const { page } = open
    await drawn(page, 'cpu')
    await page.getByRole('button', { name: 'Time range' }).click()
    await page.getByLabel('From').fill('yesterday')
    await page.keyboard.press('Enter')
    await soon(() => textOf(page.locator('#range-problem'))).toContain('now-6h')
    await page.getByLabel('From').fill('now-6h')
    await page.keyboard.press('Enter')
    await soon(() => parameter(page, 'from')).toBe('now-6h')
    await soon(() => textOf(page.getByRole('button', { name: 'Time range' }))).toContain('Last 6 hours')
    await page.keyboard.press('[')
    await soon(() => parameter(page, 'to')).toMatch(/Z$/)
    await page.goBack()
    await soon(() => parameter(page, 'to')).toBe('now')
  })

  it('has a sheet of keys, and can be used without a mouse', async () => {
    open = await openPage(browser, server.url)
    const { page } = open
    await drawn(page, 'cpu')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'hidden' })
    await chart(page, 'cpu').locator('.plot').focus()
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('ArrowLeft')
    await page.locator('.tooltip').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('.tooltip').waitFor({ state: 'detached' })
    await page.keyboard.press('g')
    await page.keyboard.press('c')
    await soon(() => parameter(page, 'page')).toBe('charts')
  })

  it('fits on a telephone', async () => {
    open = await openPage(browser, server.url)
    const { page } = open
    await page.setViewportSize({ width: 390, height: 844 })
    for (const id of CHARTS) await drawn(page, id)
    await soon(() => page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    await page.getByRole('button', { name: 'Time range' }).click()
    const panel = () => page.getByRole('dialog', { name: 'Time range' }).boundingBox()
    await soon(async () => (await panel())?.x).toBeGreaterThanOrEqual(0)
    const { x, width } = (await panel())!
    expect(x + width).toBeLessThanOrEqual(390)
  })
})
