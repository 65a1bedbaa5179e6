/** Layouts of the samples table, each a change to the first. */
const BASE = {
  id: 'UInt64',
  idCodec: 'Delta(8), ZSTD(1)',
  time: 'DoubleDelta, ZSTD(1)',
  value: 'ZSTD(1)',
  engine: 'ReplacingMergeTree',
  order: 'metric, entity, ts',
  settings: '',
}

export const LAYOUTS = {
  base: BASE,
  MergeTree: { ...BASE, engine: 'MergeTree' },
  'UInt32 ids': { ...BASE, id: 'UInt32', idCodec: 'Delta(4), ZSTD(1)' },
  'ids ZSTD': { ...BASE, idCodec: 'ZSTD(1)' },
  'ids LZ4': { ...BASE, idCodec: 'LZ4' },
  'ids Delta, LZ4': { ...BASE, idCodec: 'Delta(8), LZ4' },
  'time Delta, ZSTD': { ...BASE, time: 'Delta(8), ZSTD(1)' },
  'time Delta, T64, ZSTD': { ...BASE, time: 'Delta(8), T64, ZSTD(1)' },
  'time DoubleDelta, LZ4': { ...BASE, time: 'DoubleDelta, LZ4' },
  'time DoubleDelta': { ...BASE, time: 'DoubleDelta' },
  'value LZ4': { ...BASE, value: 'LZ4' },
  'value ZSTD(3)': { ...BASE, value: 'ZSTD(3)' },
  'value Delta, ZSTD': { ...BASE, value: 'Delta(8), ZSTD(1)' },
  'value Gorilla, ZSTD': { ...BASE, value: 'Gorilla, ZSTD(1)' },
  'value ALP (experimental)': { ...BASE, value: 'ALP' },
  'value ALP, ZSTD (experimental)': { ...BASE, value: 'ALP, ZSTD(1)' },
  'granule 1024': { ...BASE, settings: 'index_granularity = 1024' },
  'granule 2048': { ...BASE, settings: 'index_granularity = 2048' },
  'granule 4096': { ...BASE, settings: 'index_granularity = 4096' },
  'granule 16384': { ...BASE, settings: 'index_granularity = 16384' },
  'blocks of 16 KB': {
    ...BASE,
    settings: 'min_compress_block_size = 16384, max_compress_block_size = 16384',
  },
  'blocks of 256 KB': { ...BASE, settings: 'min_compress_block_size = 262144' },
  'entity first': { ...BASE, order: 'entity, metric, ts' },
}

export function createTable(name, layout) {
  const { id, idCodec, time, value, engine, order, settings } = layout
  return `CREATE TABLE ${name} (
    metric ${id} CODEC(${idCodec}), entity ${id} CODEC(${idCodec}),
    ts DateTime64(3, 'UTC') CODEC(${time}), v Float64 CODEC(${value})
  ) ENGINE = ${engine} PARTITION BY toYYYYMMDD(ts) ORDER BY (${order})
  SETTINGS non_replicated_deduplication_window = 10000${settings && `, ${settings}`}`
}
