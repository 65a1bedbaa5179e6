import { createHash } from 'node:crypto'
import type { Keyring } from '../configuration/keyring.js'
import type { CollectionTarget, GeneratedFile, Process, RoleCanary } from '../generate/index.js'

/**
 * A process as it is kept: what was generated at its start, and what is collected of it. Files that come from a descriptor are
 * the same for many and stand apart, under their digest.
 */
export interface StoredProcess {
  readonly process: Omit<Process, 'files'>
  readonly files: readonly StoredFile[]
  readonly metrics: readonly CollectionTarget[]
  /** Names of metrics' units and so on; see `MetricRule`. */
  readonly ruleSet: string
  /** Missing in processes that an earlier version started. */
  readonly canaries?: readonly RoleCanary[]
}

export type StoredFile = Pick<GeneratedFile, 'path' | 'mode' | 'refreshable' | 'origin'> &
  ({ readonly digest: string } | { readonly contents: string; readonly shown?: string })

export interface Packed {
  /** Encrypted: environment and files may hold secrets. */
  readonly spec: Buffer
  readonly blobs: ReadonlyMap<string, Uint8Array>
}

export function packProcess(
  keys: Keyring,
  process: Process,
  metrics: readonly CollectionTarget[],
  ruleSet: string,
  canaries: readonly RoleCanary[] = [],
): Packed {
  const blobs = new Map<string, Uint8Array>()
  const files = process.files.map((file): StoredFile => {
    const { path, mode, refreshable, origin } = file
    if (origin === 'BUNDLE') {
      const digest = digestOf(file.contents)
      blobs.set(digest, file.contents)
      return { path, mode, refreshable, origin, digest }
    }
    return {
      path,
      mode,
      refreshable,
      origin,
      contents: base64(file.contents),
      ...(file.shown ? { shown: base64(file.shown) } : {}),
    }
  })
  const { files: _, ...rest } = process
  return { spec: packStored(keys, { process: rest, files, metrics, ruleSet, canaries }), blobs }
}

export function packStored(keys: Keyring, stored: StoredProcess): Buffer {
  return keys.seal(JSON.stringify(stored), 'process')
}

export function unpackProcess(keys: Keyring, spec: Uint8Array): StoredProcess {
  return JSON.parse(keys.open(spec, 'process').toString('utf8'))
}

/** Whole again, as it was generated; `blobs` has what stands apart. */
export function wholeProcess(stored: StoredProcess, blobs: ReadonlyMap<string, Uint8Array>): Process {
  return {
    ...stored.process,
    files: stored.files.map((file): GeneratedFile => {
      const { path, mode, refreshable, origin } = file
      const contents =
        'digest' in file ? (blobs.get(file.digest) ?? new Uint8Array()) : Buffer.from(file.contents, 'base64')
      const shown =
        'contents' in file && file.shown !== undefined ? Buffer.from(file.shown, 'base64') : undefined
      return { path, mode, refreshable, origin, contents, shown }
    }),
  }
}

export function digestOf(contents: Uint8Array): string {
  return createHash('sha256').update(contents).digest('hex')
}

function base64(contents: Uint8Array): string {
  return Buffer.from(contents.buffer, contents.byteOffset, contents.byteLength).toString('base64')
}
