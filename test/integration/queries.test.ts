import { readFileSync } from 'node:fs'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ask,
  descendants,
  eventually,
  startProgram,
  startUp,
  stopProgram,
  temporaryFolder,
  type Up,
} from './program.js'

let up: Up
const { path, remove } = temporaryFolder()
beforeAll(async () => {
  up = await startUp(path)
  const body = 'queue,host=web1,name=orders depth=42,age=3.5'
  await eventually(
    'a stored sample',
    async () => (await fetch(`${up.monitorUrl}/write`, { method: 'POST', body })).status === 204,
  )
  await eventually(
    'a point',
    async () => (await ask(up.url, 'select load_1 where category = HOST'))[0]?.[1].length,
  )
}, 120_000)
afterAll(async () => {
  await stopProgram(up)
  remove()
})

async function query(...args: string[]): Promise<{ code: unknown; output: string }> {
  const program = startProgram(['query', ...args, '--url', up.url])
  return { code: await program.exited, output: program.output() }
}

describe('bellwether query', () => {
  it('prints a table with a sparkline', async () => {
    const { code, output } = await query('select queue_depth where hostname = web1')
    expect(code).toBe(0)
    expect(output).toMatch(/metric +entity +last +min +max +points/)
    expect(output).toMatch(/queue_depth .*42 +42 +42 +1 +▁/)
  })

  it('prints JSON and CSV as the API gives them', async () => {
    const json = await query('select queue_age', '--json', '--from', 'now-5m')
    expect(JSON.parse(json.output).items[0].timeSeries[0].data[0].value).toBe(3.5)
    const csv = await query('select queue_age, queue_agee', '--csv')
    expect(csv.output).toContain('warning: There is no metric “queue_agee”. Did you mean “queue_age”?')
    expect(csv.output).toMatch(/,queue_age,.*,3\.5$/m)
  })

  it('marks an error under the query and ends with 1', async () => {
    const { code, output } = await query('select queue_age wher name = orders')
    expect(code).toBe(1)
    expect(output).toContain('\n                 ^^^^\n')
    expect(output).toContain('WHERE')
  })

  it('names the nearest metric when there is none of that name', async () => {
    const { code, output } = await query('select queu_depth')
    expect(code).toBe(0)
    expect(output).toContain('queue_depth')
  })

  it('says where it looked when nothing answers', async () => {
    const program = startProgram(['query', 'select a', '--url', 'http://127.0.0.1:9'])
    expect(await program.exited).toBe(1)
    expect(program.output()).toContain('nothing answers at http://127.0.0.1:9')
  })

  it('says that an answer broke off, and ends with 1', async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/csv' })
      response.write('entityName,metricName,timestamp,value\n', () => response.destroy())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    try {
      for (const form of [[], ['--csv'], ['--json']]) {
        const program = startProgram(['query', 'select a', ...form, '--url', `http://127.0.0.1:${port}`])
        expect(await program.exited).toBe(1)
        expect(program.output()).toContain('the answer broke off')
        expect(program.output()).not.toContain('at ')
      }
    } finally {
      server.close()
    }
  })

  it('prints one form at a time', async () => {
    const { code, output } = await query('select a', '--csv', '--json')
    expect(code).toBe(2)
    expect(output).toContain('choose one')
  })

  it('asks for a query when there is none', async () => {
    const { code, output } = await query()
    expect(code).toBe(2)
    expect(output).toContain('bellwether query "select')
  })
})

describe("the monitor's time-series API", () => {
  const status = (headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      get(`${up.monitorUrl}/api/v45/timeseries?query=select+queue_age`, { headers }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      }).on('error', reject)
    })

  it('is for programs of this machine: neither for other names of it nor for pages of other sites', async () => {
    expect(await status({})).toBe(200)
    expect(await status({ host: 'localhost:1' })).toBe(200)
    expect(await status({ host: 'evil.example' })).toBe(421)
    expect(await status({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).toBe(403)
    expect(await status({ 'sec-fetch-site': 'same-origin' })).toBe(200)
  })
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

describe('a large answer', () => {
  it('of ten million points in JSON does not grow the monitor by more than 200 MB', async () => {
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
})
