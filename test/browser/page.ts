/** Opening a page of the product, and the questions that the tests ask of it. */

import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Browser } from './chromium.js'

export interface OpenPage {
  readonly page: Page
  /** What the page complained about: script errors and breaches of the security policy; refused requests are not among it. */
  readonly complaints: string[]
}

export async function openPage(browser: Browser, url: string): Promise<OpenPage> {
  const page = await browser.context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text())
  })
  await page.goto(url)
  return { page, complaints }
}

/** For what comes soon: polls, with a bound that a busy machine keeps too. */
export const soon = <T>(read: () => T | Promise<T>) => expect.poll(read, { timeout: 60_000 })

export const chart = (page: Page, id: string): Locator => page.locator(`[data-chart="${id}"]`)

/** Waits until a chart has drawn at least one line. */
export async function drawn(page: Page, id: string): Promise<void> {
  await chart(page, id).locator('canvas').first().waitFor()
  await soon(() => linePixels(page, id, 0, 1)).toBeGreaterThan(20)
}

/** Moves the pointer to a place of a chart, in parts of its plotting area. */
export async function pointAt(page: Page, id: string, x: number, y = 0.5): Promise<{ x: number; y: number }> {
  const box = await chart(page, id).locator('.u-over').boundingBox()
  if (!box) throw new Error(`chart ${id} is not on the page`)
  const place = { x: box.x + x * box.width, y: box.y + y * box.height }
  await page.mouse.move(place.x, place.y)
  return place
}

/** Drags over a part of a chart. */
export async function dragOver(page: Page, id: string, from: number, to: number): Promise<void> {
  await pointAt(page, id, from)
  await page.mouse.down()
  await pointAt(page, id, (from + to) / 2)
  await pointAt(page, id, to)
  await page.mouse.up()
}

/** How many coloured pixels, as lines have and grids have not, stand in a part of a chart's width. */
export function linePixels(page: Page, id: string, from: number, to: number): Promise<number> {
  return page.evaluate(`(() => {
    const card = document.querySelector('[data-chart="${id}"]')
    const canvas = card?.querySelector('canvas')
    const over = card?.querySelector('.u-over')
    if (!canvas || !over) return 0
    const scale = canvas.width / canvas.clientWidth
    const left = over.getBoundingClientRect().left - canvas.getBoundingClientRect().left
    const top = over.getBoundingClientRect().top - canvas.getBoundingClientRect().top
    const x = Math.round((left + ${from} * over.clientWidth) * scale)
    const width = Math.max(1, Math.round(${to - from} * over.clientWidth * scale))
    const { data } = canvas.getContext('2d').getImageData(x, top * scale, width, over.clientHeight * scale)
    let count = 0
    for (let i = 0; i < data.length; i += 4) {
      const spread = Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2])
      if (data[i + 3] > 120 && spread > 60) count++
    }
    return count
  })()`)
}

/** Labels of a chart's legend, with those of lines that are not shown in brackets. */
export function legendOf(page: Page, id: string): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll('[data-chart="${id}"] .legend button')].map((button) => {
    const name = button.querySelector('.name').textContent
    return button.getAttribute('aria-pressed') === 'true' ? name : '(' + name + ')'
  })`)
}

/** The text of an element, with nothing for one that has none. */
export const textOf = async (locator: Locator) => (await locator.textContent()) ?? ''

/** Waits until what the page had asked before has come to the server, and what was answered before has come to the page. */
export const settled = (page: Page) => page.evaluate("fetch('/nothing').then((answer) => answer.text())")

export const parameter = (page: Page, name: string) => new URL(page.url()).searchParams.get(name)
