import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, eventually, startProgram, startUp, stopProgram, temporaryFolder, type Up } from './program.js'

let up: Up
const { path, remove } = temporaryFolder()
beforeAll(async () => {
  up = await startUp(path)
  await fetch(`${up.monitorUrl}/write`, {
    method: 'POST',
    body: 'queue,host=web1,name=orders depth=42,age=3.5',
  })
  await eventually(
    'a point',
    async () => (await ask(up.url, 'select load_1 where category = HOST'))[0]?.[1].length,
  )
}, 90_000)
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
