import type { QueryProblem } from '../../wire/timeseries.js'
import type { Quantity } from './ast.js'
import { problem } from './problem.js'
import { type Dimension, unitMeanings } from './unit-names.js'

/** The unit of a metric or of an attribute, as the catalogue has it: `bytes` per `seconds`. */
export interface OwnUnit {
  readonly numerators: readonly string[]
  readonly denominators: readonly string[]
}

const KIB = 1024

/** Names of units in the catalogue. `kilobytes` are 1024 bytes, as `kb` is. */
const CATALOGUE: ReadonlyMap<string, Dimension> = new Map(
  [
    { names: ['byte', 'b'], bytes: 1, scale: 1 },
    { names: ['kilobyte', 'kibibyte', 'kb', 'kib'], bytes: 1, scale: KIB },
    { names: ['megabyte', 'mebibyte', 'mb', 'mib'], bytes: 1, scale: KIB ** 2 },
    { names: ['gigabyte', 'gibibyte', 'gb', 'gib'], bytes: 1, scale: KIB ** 3 },
    { names: ['terabyte', 'tebibyte', 'tb', 'tib'], bytes: 1, scale: KIB ** 4 },
    { names: ['petabyte', 'pebibyte', 'pb', 'pib'], bytes: 1, scale: KIB ** 5 },
    { names: ['nanosecond', 'nano', 'ns'], time: 1, scale: 1e-9 },
    { names: ['microsecond', 'micro', 'us'], time: 1, scale: 1e-6 },
    { names: ['millisecond', 'milli', 'ms'], time: 1, scale: 1e-3 },
    { names: ['second', 'sec', 's'], time: 1, scale: 1 },
    { names: ['minute', 'min'], time: 1, scale: 60 },
    { names: ['hour', 'h'], time: 1, scale: 3600 },
    { names: ['day', 'd'], time: 1, scale: 86_400 },
    { names: ['byte_second', 'byte second', 'byte-second'], bytes: 1, time: 1, scale: 1 },
    { names: ['megabyte_second', 'megabyte second', 'mb second'], bytes: 1, time: 1, scale: KIB ** 2 },
  ].flatMap(({ names, bytes = 0, time = 0, scale }) =>
    names.flatMap((name) => [name, `${name}s`].map((n) => [n, { bytes, time, scale }] as const)),
  ),
)

/** Undefined where a unit is not one of bytes or time, such as `queries`. */
function dimensionOf({ numerators, denominators }: OwnUnit): Dimension | undefined {
  const total = { bytes: 0, time: 0, scale: 1 }
  const take = (units: readonly string[], sign: 1 | -1) =>
    units.every((unit) => {
      const one = CATALOGUE.get(unit.toLowerCase())
      if (!one) return false
      total.bytes += sign * one.bytes
      total.time += sign * one.time
      total.scale *= one.scale ** sign
      return true
    })
  return take(numerators, 1) && take(denominators, -1) ? total : undefined
}

export type Resolved =
  | {
      readonly value: number /** The left side has no unit, so bytes or seconds were assumed. */
      readonly assumed: boolean
    }
  | { readonly problem: QueryProblem }

/**
 * The number to compare with, in the unit of what it is compared to. A number without a unit is in that unit already.
 * `kb` and `kib` are both 1024 bytes. What a unit with two meanings means, the left side decides. The part “per second” may be missing
 * or too much: `> 50Mb` fits bytes per second.
 *
 * @param own unit of the left side; for attributes of a collection see `collectionUnit`
 * @param name of the left side, for the message
 * @example
 * resolveQuantity({ value: 5, unit: 's', … }, { numerators: ['milliseconds'], denominators: [] }) // { value: 5000, … }
 */
export function resolveQuantity(quantity: Quantity, own: OwnUnit, name = 'the left side'): Resolved {
  const { value, unit } = quantity
  if (unit === undefined) return { value, assumed: false }
  const possible = unitMeanings(unit)
  if (own.numerators.length === 0 && own.denominators.length === 0 && possible[0])
    return { value: value * possible[0].scale, assumed: true }
  const wanted = dimensionOf(own)
  if (wanted) {
    const exact = possible.find((m) => m.bytes === wanted.bytes && m.time === wanted.time)
    if (exact) return { value: (value * exact.scale) / wanted.scale, assumed: false }
    const lenient = possible.find((m) => isSize(m) && isSize(wanted))
    if (lenient) return { value: (value * lenient.scale) / wanted.scale, assumed: false }
  }
  const message = `“${unit}” does not fit ${name}, which is in ${unitText(own)}.`
  return { problem: problem(quantity, message, [`a unit that fits ${unitText(own)}`, 'a number alone']) }
}

/** Bytes, per second or not. */
const isSize = ({ bytes, time }: Dimension): boolean => bytes === 1 && (time === 0 || time === -1)

function unitText({ numerators, denominators }: OwnUnit): string {
  const over = numerators.join(' × ') || 'a plain number'
  return denominators.length === 0 ? over : `${over} per ${denominators.join(' × ')}`
}

const MILLISECONDS: OwnUnit = { numerators: ['milliseconds'], denominators: [] }
const BYTES: OwnUnit = { numerators: ['bytes'], denominators: [] }
const NONE: OwnUnit = { numerators: [], denominators: [] }
const COLLECTION_UNITS: readonly (readonly [RegExp, OwnUnit])[] = [
  [/^(allocatedmemoryseconds|memoryseconds)$/, { numerators: ['megabyte_seconds'], denominators: [] }],
  [/memoryaccrual$/, { numerators: ['byte_seconds'], denominators: [] }],
  [/seconds$/, { numerators: ['seconds'], denominators: [] }],
  [/(duration|time|wait|latency|millis)$/, MILLISECONDS],
  [/bytes|memory.*(peak|estimate|spilled)|filesize/, BYTES],
]

/** The unit of a numeric attribute of Impala queries and YARN applications: durations are in milliseconds. */
export function collectionUnit(attribute: string): OwnUnit {
  const plain = attribute.toLowerCase().replaceAll('_', '')
  return COLLECTION_UNITS.find(([pattern]) => pattern.test(plain))?.[1] ?? NONE
}
