import { afterAll, beforeAll, test } from 'vitest'
import { type Bed, openBed, openPlainBed, sameAnswers, sameJudgement } from '../cli/front-bed.js'

/** Run with `FUZZ_INPUTS=1000000 npx vitest run --config test/long/vitest.config.ts`. */
const INPUTS = Number(process.env.FUZZ_INPUTS ?? 50_000)
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1e9)

let bed: Bed
let plain: Bed

beforeAll(async () => {
  bed = await openBed()
  plain = await openPlainBed()
})
afterAll(async () => {
  await bed.close()
  await plain.close()
})

test(
  `${INPUTS} connections get the same bytes with the front and without, seed ${SEED}`,
  () => sameAnswers(bed, INPUTS, SEED),
  3_600_000,
)

test(
  `${INPUTS} changed requests get the same answer with the front and without, seed ${SEED}`,
  () => sameJudgement(plain, INPUTS, SEED),
  3_600_000,
)
