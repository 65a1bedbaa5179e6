import type { Catalogue, HotSamples } from '../../metrics/index.js'
import type { KeptSince } from '../plan/rollup-choice.js'
import type { Unfolded } from '../sql/rollup.js'
import type { AncestorCache } from './ancestor-cache.js'
import type { AttributeIndex } from './attribute-index.js'
import type { CheckedCache } from './checked-cache.js'
import type { Cores } from './cores.js'
import type { QueryLimits } from './limits.js'
import type { SelectionCache } from './selection-cache.js'
import type { Transport } from './transport.js'

/** What queries run on; one for the life of the process. */
export interface QueryEnvironment {
  readonly catalogue: Catalogue
  /** Samples in memory; without: every read goes to the store. */
  readonly hot?: HotSamples | undefined
  readonly transport: Transport
  readonly limits: QueryLimits
  readonly checked: CheckedCache
  readonly selections: SelectionCache
  readonly cores: Cores
  readonly ancestors: AncestorCache
  readonly attributes: AttributeIndex
  /** Whether a sample may be stored more than once in the window. */
  readonly mayRepeat: (from: number, to: number) => boolean
  /** Which buckets no rollup has yet; undefined: none of them is rolled up. */
  readonly unfolded?: Unfolded | undefined
  /** Before which time a level's data has been dropped; undefined: none has. */
  readonly keptSince?: KeptSince | undefined
}
