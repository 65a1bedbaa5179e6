/** Powers of bytes and of time, and how many bytes and seconds one is: of `mbps`, 1, -1 and 1048576. */
export interface Dimension {
  readonly bytes: number
  readonly time: number
  readonly scale: number
}

const KIB = 1024
const TIME: readonly (readonly [string, number])[] = [
  ['ms', 0.001],
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
]
const PREFIXES = ['k', 'm', 'g', 't', 'p']
const BYTES: readonly (readonly [string, number])[] = [
  ['', 1],
  ...PREFIXES.flatMap(
    (prefix, i) =>
      [
        [prefix, KIB ** (i + 1)],
        [`${prefix}i`, KIB ** (i + 1)],
      ] as const,
  ),
]

const meanings = new Map<string, Dimension[]>()
const mean = (unit: string, bytes: number, time: number, scale: number) =>
  meanings.set(unit, [...(meanings.get(unit) ?? []), { bytes, time, scale }])

for (const [time, seconds] of TIME) mean(time, 0, 1, seconds)
for (const [prefix, scale] of BYTES) mean(`${prefix}b`, 1, 0, scale)
for (const [prefix, scale] of BYTES) mean(`${prefix}bps`, 1, -1, scale)
for (const [prefix, scale] of BYTES)
  for (const [time, seconds] of TIME) mean(`${prefix || 'b'}${time}`, 1, 1, scale * seconds)

/** What a unit can mean, the likeliest first: `ms` is milliseconds, or megabytes times seconds. */
export const unitMeanings = (unit: string): readonly Dimension[] => meanings.get(unit.toLowerCase()) ?? []

/** Whether a word, in any case, is a unit. */
export const isUnit = (word: string): boolean => meanings.has(word.toLowerCase())

/** The units that people use, for help and completion. */
export const COMMON_UNITS: readonly string[] = [
  ...TIME.map(([unit]) => unit),
  ...BYTES.map(([prefix]) => `${prefix}b`),
  ...BYTES.map(([prefix]) => `${prefix}bps`),
]

const DURATIONS: ReadonlyMap<string, number> = new Map([...TIME, ['w', 604_800]])

/** Seconds in a unit of an argument (`5m`, `1w`); undefined for what is no unit of time. */
export const secondsIn = (word: string): number | undefined => DURATIONS.get(word.toLowerCase())
export const DURATION_UNITS: readonly string[] = [...DURATIONS.keys()]
