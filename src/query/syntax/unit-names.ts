/** The units that can stand behind a number in a comparison, lower case. */
const TIME = ['ms', 's', 'm', 'h', 'd']
const BYTE_PREFIXES = ['k', 'm', 'g', 't', 'p']

const bytes = ['b', ...BYTE_PREFIXES.flatMap((p) => [`${p}b`, `${p}ib`])]
const byteRates = bytes.map((unit) => `${unit}ps`)
const byteTimes = ['b', ...BYTE_PREFIXES.flatMap((p) => [p, `${p}i`])].flatMap((p) => TIME.map((t) => p + t))

/** Kinds of unit, each with its members; `ms` is in two of them. */
export const UNIT_NAMES = { time: TIME, bytes, byteRates, byteTimes } as const

const all = new Set([...TIME, ...bytes, ...byteRates, ...byteTimes])

/** Whether a word, in any case, is a unit. */
export const isUnit = (word: string): boolean => all.has(word.toLowerCase())

/** The units that people use, for help and completion. */
export const COMMON_UNITS: readonly string[] = [...TIME, ...bytes, ...byteRates]

const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** Seconds in a unit of an argument (`5m`, `1w`); undefined for what is no unit of time. */
export const secondsIn = (word: string): number | undefined => SECONDS[word.toLowerCase()]
export const DURATION_UNITS: readonly string[] = Object.keys(SECONDS)
