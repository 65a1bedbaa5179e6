/**
 * Data in the shapes that decide a layout, as columns in the order in which samples arrive: by time, then entity, then
 * metric. Seeded: every run has the same.
 */
export function tsbs({ hosts = 4000, metrics = 10, ticks = 180, stepMs = 10_000, start }) {
  const random = mulberry(123)
  const walk = Float64Array.from({ length: hosts * metrics }, () => random() * 100)
  return table({ entities: hosts, metrics, ticks }, (tick) => ({
    time: () => start + tick * stepMs,
    value: (entity, metric) => {
      const i = entity * metrics + metric
      walk[i] = Math.min(100, Math.max(0, walk[i] + normal(random)))
      return Math.trunc(walk[i])
    },
  }))
}

/** Six kinds of values: two-decimal and full gauges, steady and bursty counters, page multiples, mostly zero; times jitter by 0–50 ms. */
export function mixed({ hosts = 1000, ticks = 360, stepMs = 10_000, start }) {
  const random = mulberry(321)
  const kinds = [
    (v) => Math.round(Math.min(100, Math.max(0, v + normal(random))) * 100) / 100,
    (v) => Math.min(100, Math.max(0, v + normal(random))),
    (v) => v + 5000 + Math.round(normal(random) * 250),
    (v) => (random() < 0.02 ? v + Math.floor(random() * 1e6) : v),
    (v) => (random() < 0.2 ? Math.max(4096, v + 4096 * Math.round(normal(random) * 100)) : v),
    () => (random() < 0.01 ? Math.floor(random() * 100) : 0),
  ]
  const state = Float64Array.from({ length: hosts * 6 }, (_, i) => [50, 50, 1e9, 1e9, 4096 * 1e5, 0][i % 6])
  return table({ entities: hosts, metrics: 6, ticks }, (tick) => {
    const jitter = Float64Array.from({ length: hosts }, () => Math.floor(random() * 50))
    return {
      time: (entity) => start + tick * stepMs + jitter[entity],
      value: (entity, metric) => (state[entity * 6 + metric] = kinds[metric](state[entity * 6 + metric])),
    }
  })
}

function table({ entities, metrics, ticks }, at) {
  const rows = entities * metrics * ticks
  const out = {
    rows,
    metric: new Uint32Array(rows),
    entity: new Uint32Array(rows),
    time: new Float64Array(rows),
    value: new Float64Array(rows),
  }
  let row = 0
  for (let tick = 0; tick < ticks; tick++) {
    const { time, value } = at(tick)
    for (let entity = 0; entity < entities; entity++)
      for (let metric = 0; metric < metrics; metric++, row++) {
        out.metric[row] = metric
        out.entity[row] = entity
        out.time[row] = time(entity)
        out.value[row] = value(entity, metric)
      }
  }
  return out
}

function mulberry(seed) {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
