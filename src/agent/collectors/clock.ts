import { execFile } from 'node:child_process'
import type { Collector } from './collector.js'
import { monotonic } from './collector.js'

/** What a command prints; undefined when it cannot be run. */
export type Say = (program: string, args: string[]) => Promise<string | undefined>

export interface ClockOptions {
  say?: Say
  everyMs?: number
  /** After nobody could tell, as in a container. */
  againMs?: number
}

export interface ClockState {
  synchronized: boolean
  /** How far the clock is from the daemon's time, milliseconds; chrony says it. */
  offsetMs?: number
}

/**
 * What the host's time daemon says: chrony, or what systemd knows of any other. Where nobody keeps the clock, as in containers,
 * there are no figures, and nothing is logged.
 */
export function createClockCollector({
  say = bySystem,
  everyMs = 60_000,
  againMs = 600_000,
}: ClockOptions = {}): Collector {
  let nextAt = Number.NEGATIVE_INFINITY
  let running = false
  let news: ClockState | undefined

  async function ask() {
    running = true
    try {
      const tracking = await say('chronyc', ['-n', '-c', 'tracking'])
      news = tracking === undefined ? undefined : parseTracking(tracking)
      if (!news) {
        const shown = await say('timedatectl', ['show', '--property=NTP', '--property=NTPSynchronized'])
        news = shown === undefined ? undefined : parseTimedate(shown)
      }
    } finally {
      running = false
      nextAt = monotonic() + (news ? everyMs : againMs)
    }
  }

  return {
    name: 'clock',
    collect({ host, report }) {
      if (!running && monotonic() >= nextAt) void ask()
      if (!news) return
      report(host.entity, 'clock_synchronized', news.synchronized ? 1 : 0)
      if (news.offsetMs !== undefined) report(host.entity, 'clock_daemon_offset', news.offsetMs)
      news = undefined
    },
  }
}

/** `chronyc -c tracking`: reference, name, stratum, time, offset of the system's clock in seconds, …, leap status. */
export function parseTracking(text: string): ClockState | undefined {
  const fields = text.trim().split('\n').at(-1)?.split(',') ?? []
  const offset = Number(fields[4])
  if (fields.length < 14 || !Number.isFinite(offset)) return undefined
  return { synchronized: fields[13] !== 'Not synchronised', offsetMs: Math.abs(offset) * 1000 }
}

/** systemd's properties; undefined when no daemon is switched on that it knows of. */
export function parseTimedate(text: string): ClockState | undefined {
  const of = (name: string) => new RegExp(`^${name}=(\\w+)$`, 'm').exec(text)?.[1]
  const synchronized = of('NTPSynchronized')
  if (synchronized === undefined || (of('NTP') !== 'yes' && synchronized !== 'yes')) return undefined
  return { synchronized: synchronized === 'yes' }
}

const bySystem: Say = (program, args) =>
  new Promise((resolve) => {
    const options = {
      timeout: 5_000,
      killSignal: 'SIGKILL' as const,
      maxBuffer: 64 * 1024,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    }
    execFile(program, args, options, (error, stdout) => resolve(error ? undefined : stdout)).unref()
  })
