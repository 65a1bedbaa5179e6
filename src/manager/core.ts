import type { Logger } from 'pino'
import { type Instances, instancesOf, type Keyring } from './configuration/index.js'
import type { Db } from './database/index.js'
import type { BundledFile, DescriptorSet } from './descriptors/index.js'
import { type Change, createModelStore, type Model } from './model/index.js'

/** The part of a pino logger that the manager's parts use. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>

/** What all parts of an active manager share. */
export interface Core {
  readonly db: Db
  readonly deploymentId: string
  /** The term of this manager; throws `LostLeaseError` when it is not the active one. */
  term(): number
  readonly keys: Keyring
  /** Installed service types; replaced as a whole by `setDescriptors`. */
  descriptors(): DescriptorSet
  setDescriptors(set: DescriptorSet): void
  /** Our shell library, which every process gets. */
  readonly common: readonly BundledFile[]
  readonly logger: Log
  /** The model as it is now. */
  model(): Promise<Model>
  /** Model and settled configuration, for one look: everything in it belongs together. */
  instances(): Promise<Instances>
  /** Changes the model; see `ModelStore.change`. */
  change<T>(work: (change: Change) => Promise<T>): Promise<T>
  /** Told after a commit that gave agents of these hosts (by `host.id`) something to learn. Returns how to stop it. */
  onHostsTouched(listener: (ids: readonly number[]) => void): () => void
  hostsTouched(ids: readonly number[]): void
  /** Told after a commit that changed model or configuration, and when service types change. Returns how to stop it. */
  onModelChanged(listener: () => void): () => void
}

export interface CoreOptions {
  db: Db
  deploymentId: string
  term: () => number
  keys: Keyring
  descriptors: DescriptorSet
  common: readonly BundledFile[]
  logger: Log
}

export function createCore(options: CoreOptions): Core {
  const { db, deploymentId, term, keys, common, logger } = options
  let descriptors = options.descriptors
  const listeners = new Set<(ids: readonly number[]) => void>()
  const watchers = new Set<() => void>()
  let latest: Instances | undefined

  const modelChanged = () => {
    for (const watcher of [...watchers]) watcher()
  }

  const hostsTouched = (ids: readonly number[]) => {
    for (const listener of [...listeners]) listener(ids)
  }
  const store = createModelStore(
    { db, term, keys, descriptors: () => descriptors },
    { onHostsTouched: hostsTouched, onModelChanged: modelChanged },
  )
  return {
    db,
    deploymentId,
    term,
    keys,
    common,
    logger,
    descriptors: () => descriptors,
    setDescriptors(set) {
      descriptors = set
      modelChanged()
    },
    model: store.current,
    async instances() {
      const model = await store.current()
      if (latest?.model !== model || latest.descriptors !== descriptors)
        latest = instancesOf(model, descriptors, keys)
      return latest
    },
    change: store.change,
    onHostsTouched(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    hostsTouched,
    onModelChanged(listener) {
      watchers.add(listener)
      return () => watchers.delete(listener)
    },
  }
}
