/** The files of one jar or folder, by path. */
export interface Bundle {
  /** File name without `.jar`, or the folder's name. */
  readonly name: string
  readonly path: string
  readonly kind: 'jar' | 'folder'
  readonly builtIn: boolean
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** What one bundle may hold: far above any descriptor known, far below what would hurt the manager. */
export const bundleLimits = {
  entries: 10_000,
  fileBytes: 32 * 1024 ** 2,
  totalBytes: 128 * 1024 ** 2,
} as const

/** A bundle that cannot be taken; the message says what to do. */
export class BundleError extends Error {
  override name = 'BundleError'
}

/** Only these folders are read; a jar's `META-INF` and whatever else there is are left out. */
export function isWanted(path: string): boolean {
  return /^(descriptor|scripts|aux|images)\//.test(path)
}

/** Why a path in a bundle is not taken, or undefined. */
export function badPath(path: string): string | undefined {
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'is absolute'
  if (path.includes('\\') || path.includes('\0')) return 'has a backslash or a zero byte'
  if (path.split('/').some((part) => part === '..' || part === '.')) return 'leads out of its folder'
  return undefined
}
