import type { GeneratedFile, Process } from './process.js'

export type Staleness = 'FRESH' | 'STALE_REFRESHABLE' | 'STALE'

export interface FileDifference {
  readonly path: string
  readonly change: 'ADDED' | 'REMOVED' | 'CHANGED'
  readonly refreshable: boolean
  /** Contents that may be shown; undefined where there is no file. Equal ones differ only in sensitive values or mode. */
  readonly before: Uint8Array | undefined
  readonly after: Uint8Array | undefined
}

export interface SettingDifference {
  /** `program`, `args`, `environment.ZK_QUORUM`, `user`, `group`, `limits.openFiles`, `directories`. */
  readonly name: string
  readonly before: string | undefined
  readonly after: string | undefined
}

export interface Differences {
  readonly staleness: Staleness
  readonly files: readonly FileDifference[]
  readonly settings: readonly SettingDifference[]
}

/**
 * What is different between the process that runs and the one that would be generated now.
 *
 * `STALE_REFRESHABLE` when all of it is in refreshable files, so that writing these anew will do. Restart policy and time-outs
 * make nothing stale: the agent takes them over while the process runs.
 */
export function differences(before: Process, after: Process): Differences {
  const files = fileDifferences(before.files, after.files)
  const settings = settingDifferences(before, after)
  const stale = settings.length > 0 || files.some((each) => !each.refreshable)
  return {
    staleness: stale ? 'STALE' : files.length > 0 ? 'STALE_REFRESHABLE' : 'FRESH',
    files,
    settings,
  }
}

function fileDifferences(
  before: readonly GeneratedFile[],
  after: readonly GeneratedFile[],
): FileDifference[] {
  const out: FileDifference[] = []
  const old = new Map(before.map((file) => [file.path, file]))
  const now = new Map(after.map((file) => [file.path, file]))
  for (const path of [...new Set([...old.keys(), ...now.keys()])].sort()) {
    const a = old.get(path)
    const b = now.get(path)
    if (a && b && a.mode === b.mode && Buffer.compare(a.contents, b.contents) === 0) continue
    out.push({
      path,
      change: !a ? 'ADDED' : !b ? 'REMOVED' : 'CHANGED',
      // A file that comes or goes is not what the process was started with.
      refreshable: a?.refreshable === true && b?.refreshable === true,
      before: a && (a.shown ?? a.contents),
      after: b && (b.shown ?? b.contents),
    })
  }
  return out
}

function settingDifferences(before: Process, after: Process): SettingDifference[] {
  const out: SettingDifference[] = []
  const compare = (name: string, a: unknown, b: unknown, shownA: unknown = a, shownB: unknown = b) => {
    if (JSON.stringify(a) !== JSON.stringify(b)) out.push({ name, before: text(shownA), after: text(shownB) })
  }
  compare('program', before.program, after.program)
  compare('args', before.args, after.args, before.shown?.args, after.shown?.args)
  compare('user', before.user, after.user)
  compare('group', before.group, after.group)
  for (const name of keys(before.environment, after.environment))
    compare(
      `environment.${name}`,
      before.environment[name],
      after.environment[name],
      (before.shown ?? before).environment[name],
      (after.shown ?? after).environment[name],
    )
  const limits = [before.limits, after.limits] as unknown as [
    Record<string, unknown>,
    Record<string, unknown>,
  ]
  for (const name of keys(...limits)) compare(`limits.${name}`, limits[0][name], limits[1][name])
  compare('directories', before.directories, after.directories)
  return out
}

function keys(a: object, b: object): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()
}

function text(value: unknown): string | undefined {
  return value === undefined || typeof value === 'string' ? value : JSON.stringify(value)
}
