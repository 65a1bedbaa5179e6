import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { post, startBench, type TestBench, type TestIngest } from './support/server.js'

let bench: TestBench
let main: TestIngest
beforeAll(async () => {
  bench = await startBench()
  main = await bench.start()
})
afterAll(() => bench?.cleanUp())
afterEach(() => void vi.restoreAllMocks())

const HOUR = 3_600_000
const DAY = 24 * HOUR
const now = Date.now.bind(Date)

/** The monitor's time of day is off by so much from now on. */
function jump(by: number): void {
  vi.restoreAllMocks()
  vi.spyOn(Date, 'now').mockImplementation(() => now() + by)
}

const write = (body: string) => post(`${main.url}/write?precision=ms`, body)
const values = async (metric: string) =>
  (await main.rows()).filter((row) => row.metric === metric).map((row) => row.value)

test('jumps of the clock, forward and back, lose no sample and store none twice', async () => {
  const start = now() - HOUR / 2
  const bodies: string[] = []
  for (const [k, by] of [0, HOUR / 2, -HOUR / 2, DAY, -HOUR / 4, 300 * DAY, 0].entries()) {
    jump(by)
    const body = `jump,host=a value=${k} ${start + k}\n`
    expect((await write(body)).status).toBe(204)
    // The same again: answered, not stored again, whatever the clock said when it came first.
    for (const earlier of [...bodies, body]) expect((await write(earlier)).status).toBe(204)
    bodies.push(body)
  }
  expect(await values('jump')).toEqual([0, 1, 2, 3, 4, 5, 6])
})

test('a clock that is far behind refuses what lies in its future, says so, and takes it once it is right', async () => {
  const body = `behind,host=a value=1 ${now()}\n`
  jump(-2 * DAY)
  const refused = await write(body)
  expect(refused.status).toBe(400)
  expect(refused.text).toMatch(/time-future/)
  expect(await values('behind')).toEqual([])
  jump(0)
  expect((await write(body)).status).toBe(204)
  expect(await values('behind')).toEqual([1])
})

test('samples without a time, stamped while the clock jumps, are all there', async () => {
  for (const [k, by] of [0, DAY, -DAY, 0].entries()) {
    jump(by)
    expect((await write(`stamped,host=a value=${k}\n`)).status).toBe(204)
  }
  expect((await values('stamped')).sort()).toEqual([0, 1, 2, 3])
})
