import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Browser, describeInBrowser, startBrowser } from './chromium.js'
import { type FixtureServer, startFixtureServer } from './fixtures/server.js'
import { hostEntities } from './fixtures/world.js'
import {
  chart,
  dragOver,
  drawn,
  legendOf,
  type OpenPage,
  openPage,
  parameter,
  pointAt,
  settled,
  soon,
  textOf,
} from './page.js'

const DISKS = 'select read_bytes_rate, write_bytes_rate where category = DISK'

describeInBrowser('chart builder', () => {
  let browser: Browser
  let server: FixtureServer
  let open: OpenPage

  beforeAll(async () => {
    browser = await startBrowser({ colorScheme: 'light' })
    server = await startFixtureServer({
      entities: [...hostEntities('h-1', 'node-1'), ...hostEntities('h-2', 'node-2')],
      since: Date.now() - 86_400_000,
      stepMs: 10_000,
      outages: [],
    })
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })
  beforeEach(() => {
    server.fault = null
    server.queries.length = 0
  })
  afterEach(async () => {
    expect(open.complaints).toEqual([])
    await open.page.evaluate('localStorage.clear()')
    await open.page.close()
  })

  const builder = (query: string, more = '') =>
    `${server.url}?page=charts&query=${encodeURIComponent(query)}${more}`

  it('runs an example at a click', async () => {
    open = await openPage(browser, `${server.url}?page=charts`)
    const { page } = open
    await page.getByRole('button', { name: 'Try it' }).first().click()
    await drawn(page, '0-all')
    await soon(() => page.getByLabel('Query').inputValue()).toBe('select cpu_percent where category = HOST')
    await soon(() => parameter(page, 'query')).toBe('select cpu_percent where category = HOST')
  })

  it('runs with Enter, begins a line with Shift and Enter, and goes through recent statements', async () => {
    open = await openPage(browser, `${server.url}?page=charts`)
    const { page } = open
    const box = page.getByLabel('Query')
    await page.keyboard.press('/')
    await page.keyboard.type('select load_1')
    await page.keyboard.press('Shift+Enter')
    await page.keyboard.type('where category = HOST')
    await page.keyboard.press('Enter')
    await drawn(page, '0-all')
    await soon(() => parameter(page, 'query')).toBe('select load_1\nwhere category = HOST')
    await box.fill(DISKS)
    await page.keyboard.press('Enter')
    await soon(() => parameter(page, 'query')).toBe(DISKS)
    await box.fill('select dra')
    await page.keyboard.press('Control+ArrowUp')
    await soon(() => box.inputValue()).toBe(DISKS)
    await page.keyboard.press('Control+ArrowUp')
    await soon(() => box.inputValue()).toBe('select load_1\nwhere category = HOST')
    await page.keyboard.press('Control+ArrowDown')
    await page.keyboard.press('Control+ArrowDown')
    await soon(() => box.inputValue()).toBe('select dra')
    await page.goBack()
    await soon(() => box.inputValue()).toBe('select load_1\nwhere category = HOST')
  })

  it('marks an error at its exact place and puts a suggestion there', async () => {
    open = await openPage(browser, builder('select load_15,\n  nonsense where category = HOST'))
    const { page } = open
    const mark = page.locator('.editor-copy mark')
    await mark.waitFor()
    expect(await textOf(mark)).toBe('nonsense')
    expect(await textOf(page.locator('.problems'))).toContain('line 2, column 3')
    const place = await page.evaluate<{ mark: number; line: number; text: number; fonts: string[] }>(`(() => {
      const area = document.querySelector('#query')
      const copy = document.querySelector('.editor-copy')
      const mark = copy.querySelector('mark').getBoundingClientRect()
      const style = getComputedStyle(area)
      const context = document.createElement('canvas').getContext('2d')
      context.font = style.font
      return {
        mark: mark.left - area.getBoundingClientRect().left,
        line: Math.floor((mark.top - area.getBoundingClientRect().top - parseFloat(style.paddingTop)) / parseFloat(style.lineHeight)),
        text: parseFloat(style.paddingLeft) + context.measureText('  ').width,
        fonts: [style.font, getComputedStyle(copy).font],
      }
    })()`)
    expect(place.line).toBe(1)
    expect(place.fonts[0]).toBe(place.fonts[1])
    expect(Math.abs(place.mark - place.text)).toBeLessThan(1.5)
    await page.getByRole('button', { name: 'load_1', exact: true }).click()
    await soon(() => page.getByLabel('Query').inputValue()).toBe(
      'select load_15,\n  load_1 where category = HOST',
    )
    await soon(() => mark.count()).toBe(0)
    await page.keyboard.press('Enter')
    await drawn(page, '0-all')
    await soon(() => page.locator('.problems').count()).toBe(0)
  })

  it('shows messages from outside as text, never as markup', async () => {
    const evil = '<img src=x onerror="window.hacked=1">'
    server.fault = {
      status: 400,
      body: {
        message: evil,
        problems: [{ message: evil, offset: 0, length: 6, expected: [evil], suggestions: [evil] }],
      },
    }
    open = await openPage(
      browser,
      builder(evil, `&host=${encodeURIComponent(evil)}&facet=by:${encodeURIComponent(evil)}`),
    )
    const { page } = open
    await page.locator('.problems').waitFor()
    expect(await textOf(page.locator('.problems'))).toContain(evil)
    server.fault = { status: 503, body: { message: evil } }
    await page.keyboard.press('r')
    await page.locator('.banner').waitFor()
    expect(await textOf(page.locator('.banner'))).toContain(evil)
    expect(await page.evaluate('window.hacked')).toBeUndefined()
    await soon(() => page.locator('img').count()).toBe(1)
  })

  it('marks what a warning is about, and puts the nearest name there', async () => {
    open = await openPage(browser, builder('select load_15; select lode_1 where category = HOST'))
    const { page } = open
    const mark = page.locator('.editor-copy mark.mild')
    await mark.waitFor()
    expect(await textOf(mark)).toBe('lode_1')
    expect(await textOf(page.locator('.problems.mild'))).toContain('column 24')
    expect(await page.getByLabel('Query').getAttribute('aria-invalid')).toBe('false')
    await drawn(page, '0-all')
    expect(await page.getByText('There is no metric').count()).toBe(1)
    await page.getByLabel('Query').press('End')
    await page.keyboard.type(' ')
    await soon(() => mark.count()).toBe(0)
    await page.getByText('There is no metric').waitFor()
    await page.keyboard.press('Backspace')
    await page.getByRole('button', { name: 'load_1', exact: true }).click()
    await page.keyboard.press('Enter')
    await drawn(page, '1-all')
    await soon(() => mark.count()).toBe(0)
  })

  it('has room for the whole of the last time', async () => {
    const minute = Math.floor(Date.now() / 60_000 - 5) * 60_000
    const range = `&from=${new Date(minute).toISOString()}&to=${new Date(minute + 60_000).toISOString()}`
    open = await openPage(browser, builder('select load_1', range))
    const { page } = open
    await drawn(page, '0-all')
    const ink = await page.evaluate<{ label: number; edge: number }>(`(() => {
      const canvas = document.querySelector('[data-chart="0-all"] canvas')
      const over = document.querySelector('[data-chart="0-all"] .u-over')
      const scale = canvas.width / canvas.clientWidth
      const top = (over.offsetTop + over.clientHeight + 6) * scale
      const right = (over.offsetLeft + over.clientWidth) * scale
      const inkOf = (x, width) => {
        const { data } = canvas.getContext('2d').getImageData(x, top, width, canvas.height - top)
        let count = 0
        for (let i = 3; i < data.length; i += 4) if (data[i] > 30) count++
        return count
      }
      return { label: inkOf(right + 4, 12), edge: inkOf(canvas.width - 2, 2) }
    })()`)
    expect(ink.label).toBeGreaterThan(5)
    expect(ink.edge).toBe(0)
  })

  it('takes the marks away as soon as the text changes', async () => {
    open = await openPage(browser, builder('select nonsense'))
    const { page } = open
    await page.locator('.editor-copy mark').waitFor()
    await page.getByLabel('Query').focus()
    await page.keyboard.press('End')
    await page.keyboard.type('x')
    await soon(() => page.locator('.editor-copy mark').count()).toBe(0)
  })

  it('offers what can be typed, below the cursor, and never gets in the way of Enter', async () => {
    open = await openPage(browser, `${server.url}?page=charts`)
    const { page } = open
    const box = page.getByLabel('Query')
    const list = page.getByRole('listbox', { name: 'Completions' })
    await page.keyboard.press('/')
    await page.keyboard.type('select cpu_')
    await soon(() => list.locator('code').allTextContents()).toEqual(['cpu_percent', 'cpu_user_rate'])
    const [at, field] = [await list.boundingBox(), await box.boundingBox()]
    expect(at?.x).toBeGreaterThan((field?.x ?? 0) + 30)
    expect(at?.y).toBeGreaterThan((field?.y ?? 0) + 20)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await soon(() => box.inputValue()).toBe('select cpu_user_rate ')
    await list.waitFor({ state: 'detached' })
    const offset = String('select cpu_user_rate wh'.length)
    const answered = page.waitForResponse(
      (response) => new URL(response.url()).searchParams.get('offset') === offset,
    )
    await page.keyboard.type('wh')
    await answered
    await settled(page)
    await list.waitFor()
    await page.keyboard.press('Tab')
    await soon(() => box.inputValue()).toBe('select cpu_user_rate where ')
    await page.keyboard.press('Control+Space')
    await list.getByRole('option', { name: 'category' }).click()
    await soon(() => box.inputValue()).toBe('select cpu_user_rate where category ')
    await page.keyboard.press('Control+Space')
    await page.keyboard.press('Escape')
    await list.waitFor({ state: 'detached' })
    await box.fill('select load_1 where category = HOST and d')
    await list.waitFor()
    await page.keyboard.press('Enter')
    await soon(() => parameter(page, 'query')).toBe('select load_1 where category = HOST and d')
    await list.waitFor({ state: 'detached' })
  })

  it('does not ask again for completions that the server does not have', async () => {
    server.completes = false
    server.completions = 0
    open = await openPage(browser, `${server.url}?page=charts`)
    const { page } = open
    const answered = page.waitForResponse((response) => response.url().includes('complet'))
    await page.keyboard.press('/')
    await page.keyboard.type('s')
    // Only who has heard that there are none knows not to ask again.
    await answered
    await settled(page)
    expect(server.completions).toBe(1)
    await page.keyboard.type('elect load_1')
    await page.waitForTimeout(500)
    await settled(page)
    expect(server.completions).toBe(1)
    server.completes = true
  })

  it('spreads an answer over charts by facet', async () => {
    open = await openPage(browser, builder(DISKS))
    const { page } = open
    await drawn(page, '0-all')
    const facets = page.getByLabel('Facets')
    const titles = () => page.locator('.chart h3').allTextContents()
    await soon(() => legendOf(page, '0-all')).toHaveLength(8)
    await facets.selectOption('separate')
    await soon(titles).toHaveLength(8)
    await facets.selectOption('by:device')
    await soon(titles).toEqual(['vda', 'nvme0n1'])
    await facets.selectOption('by:hostname')
    await soon(titles).toEqual(['node-1', 'node-2'])
    await facets.selectOption('by:metricName')
    await soon(titles).toEqual(['read_bytes_rate', 'write_bytes_rate'])
    await soon(() => parameter(page, 'facet')).toBe('by:metricName')
    await soon(() => facets.locator('option:checked').textContent()).toBe('metricName (2)')
    await page.getByLabel('same scale').check()
    await soon(() => parameter(page, 'scale')).toBe('same')
    await page.reload()
    await soon(titles).toEqual(['read_bytes_rate', 'write_bytes_rate'])
    await facets.selectOption('combined')
    await soon(titles).toEqual(['read_bytes_rate, write_bytes_rate'])
    await facets.selectOption('by:device')
    await page.getByLabel('Query').fill('select load_1 where category = HOST')
    await page.keyboard.press('Enter')
    await soon(titles).toEqual(['load_1'])
  })

  it('says which rollup it shows, and what lies behind a point', async () => {
    const before = server.world
    server.world = { ...before, since: Date.now() - 8 * 86_400_000 }
    open = await openPage(
      browser,
      builder('select load_1 where hostId = "h-1" and category = HOST', '&from=now-7d'),
    )
    const { page } = open
    await drawn(page, '0-all')
    expect(await textOf(chart(page, '0-all').locator('.card-head'))).toContain('10 min rollup')
    await pointAt(page, '0-all', 0.5)
    expect(await textOf(page.locator('.tooltip-more'))).toMatch(/^from [\d.]+ to [\d.]+$/)
    server.world = before
  })

  it('answers every statement of a script on its own', async () => {
    open = await openPage(browser, builder(`${DISKS};\nselect load_1 where category = HOST`))
    const { page } = open
    await drawn(page, '0-all')
    await drawn(page, '1-all')
    await soon(() => legendOf(page, '1-all')).toEqual(['node-1', 'node-2'])
  })

  it('shows a link in another browser as it was here', async () => {
    open = await openPage(browser, builder(DISKS, '&facet=by:hostname&from=now-2h'))
    const { page } = open
    await page.locator('.chart').first().waitFor()
    await page.locator('.legend button').first().click()
    const first = await page.locator('.chart').first().getAttribute('data-chart')
    await drawn(page, first ?? '')
    await dragOver(page, first ?? '', 0.2, 0.6)
    await soon(() => parameter(page, 'home')).toBe('now-2h~now')
    await page.mouse.move(5, 5)
    const other = await startBrowser()
    try {
      const there = await openPage(other, page.url())
      await drawn(there.page, first ?? '')
      const here = await legendOf(page, first ?? '')
      await soon(() => legendOf(there.page, first ?? '')).toEqual(here)
      expect(there.page.url()).toBe(page.url())
      expect(there.complaints).toEqual([])
      const asked = server.queries.slice(-2)
      expect(asked[0]?.from).toBe(asked[1]?.from)
      expect(asked[0]?.to).toBe(asked[1]?.to)
    } finally {
      await other.close()
    }
  })

  it('shows tables, and gives the answer as JSON, CSV and an API call', async () => {
    open = await openPage(browser, builder(DISKS, '&view=summary'))
    const { page } = open
    await page.locator('table.data').waitFor()
    await soon(() => page.locator('table.data tbody tr').count()).toBe(8)
    await page.getByRole('button', { name: 'Max' }).click()
    await soon(async () => {
      const maxima = await page.locator('table.data tbody td:nth-child(5)').allTextContents()
      const numbers = maxima.map(Number.parseFloat)
      return numbers.every((value, i) => i === 0 || value <= (numbers[i - 1] as number))
    }).toBe(true)
    await page.getByRole('button', { name: 'Points' }).last().click()
    await page.getByRole('button', { name: 'Points', exact: true }).first().click()
    await soon(() => parameter(page, 'view')).toBe('points')
    await soon(() => page.locator('table.data tbody tr').count()).toBe(1000)
    await page.getByRole('button', { name: 'Export' }).click()
    const csv = new URL((await page.getByRole('link', { name: 'CSV' }).getAttribute('href')) ?? '')
    expect(csv.searchParams.get('query')).toBe(DISKS)
    expect(csv.searchParams.get('contentType')).toBe('text/csv')
    await page.getByRole('button', { name: 'Copy as API call' }).click()
    await page.getByText('API call: copied').waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toContain(
      `--data-urlencode 'query=${DISKS}'`,
    )
    await page.getByRole('button', { name: 'Copy link with fixed times' }).click()
    await page.getByText('Link: copied').waitFor()
    const link = await page.evaluate<string>('navigator.clipboard.readText()')
    expect(new URL(link).searchParams.get('to')).toMatch(/Z$/)
  })

  it('sends a long query as a body', async () => {
    const long = `select load_1 where category = HOST${' '.repeat(3000)}`
    open = await openPage(browser, `${server.url}?page=charts`)
    const { page } = open
    await page.getByLabel('Query').fill(long)
    await page.keyboard.press('Enter')
    await drawn(page, '0-all')
    expect(server.queries.at(-1)?.query).toBe(long)
  })

  it('stays quick with 250 lines of 400 points each, every line with times of its own', async () => {
    const before = server.world
    const hosts = Array.from({ length: 250 }, (_, i) => hostEntities(`h-${i}`, `node-${i}`)[0])
    server.world = { ...before, entities: hosts.flatMap((host) => host ?? []), spreadMs: 37 }
    open = await openPage(browser, builder('select load_1 where category = HOST', '&from=now-4000s'))
    const { page } = open
    await drawn(page, '0-all')
    await soon(() => legendOf(page, '0-all')).toHaveLength(250)
    await pointAt(page, '0-all', 0.5)
    await page.locator('.tooltip').waitFor()
    await soon(() => page.locator('.tooltip tr').count()).toBe(12)
    expect(await textOf(page.locator('.tooltip-more'))).toBe('and 238 more')
    const started = performance.now()
    for (let i = 0; i < 20; i++) await pointAt(page, '0-all', 0.3 + i / 50, 0.4 + i / 100)
    const perMove = (performance.now() - started) / 20
    console.log(`250 lines, 100 000 points: ${perMove.toFixed(0)} ms a move of the pointer`)
    expect(perMove).toBeLessThan(1000)
    await chart(page, '0-all').locator('.legend button').first().click()
    await soon(async () =>
      (await legendOf(page, '0-all')).filter((name) => !name.startsWith('(')),
    ).toHaveLength(1)
    await page.getByLabel('Facets').selectOption('separate')
    await soon(() => page.locator('.chart').count()).toBe(24)
    await page.getByRole('button', { name: 'Show all 250 charts' }).waitFor()
    server.world = before
  })
})
