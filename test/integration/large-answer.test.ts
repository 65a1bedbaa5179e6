import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { descendants, startUp, stopProgram, temporaryFolder, type Up } from './program.js'

let up: Up
const { path, remove } = temporaryFolder()
beforeAll(async () => {
  up = await startUp(path)
}, 90_000)
afterAll(async () => {
  await stopProgram(up)
  remove()
})

const SERIES = 50
const POINTS = 10_000
const ITEMS = 20

function monitorPid(): number {
  const pid = descendants(up.process.pid!).find((each) =>
    readFileSync(`/proc/${each}/cmdline`, 'utf8').includes('main.js\0monitor'),
  )
  if (pid === undefined) throw new Error('no monitor')
  return pid
}

/** Memory of a process in MB: what it has, and the most it ever had. */
function memoryOf(pid: number): { now: number; most: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const megabytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024
  return { now: megabytes('VmRSS'), most: megabytes('VmHWM') }
}

it('ten million points in JSON do not grow the monitor by more than 200 MB', async () => {
  const end = Math.floor(Date.now() / 1000)
  for (let series = 0; series < SERIES; series += 10) {
    let body = ''
    for (let i = 0; i < 10; i++)
      for (let point = 0; point < POINTS; point++)
        body += `wide,host=h${series + i} value=${(point * 7919) % 1000} ${end - POINTS + point}\n`
    const response = await fetch(`${up.monitorUrl}/write?precision=s`, { method: 'POST', body })
    expect(response.status).toBe(204)
  }
  const pid = monitorPid()
  const before = memoryOf(pid)
  const items = Array.from({ length: ITEMS }, (_, i) => `wide + ${i}`).join(', ')
  const parameters = new URLSearchParams({
    query: `select ${items}`,
    from: `${(end - POINTS) * 1000}`,
    to: `${end * 1000}`,
    streamLimit: '1000',
  })
  const response = await fetch(`${up.monitorUrl}/api/v45/timeseries?${parameters}`)
  let bytes = 0
  let tail = ''
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    bytes += chunk.length
    tail = Buffer.from(chunk.subarray(-40)).toString()
  }
  expect(response.status).toBe(200)
  expect(tail).toMatch(/\}\]\}$/)
  expect(bytes).toBeGreaterThan(SERIES * POINTS * ITEMS * 60)
  expect(Math.max(0, memoryOf(pid).most - Math.max(before.now, before.most))).toBeLessThan(200)
}, 180_000)
