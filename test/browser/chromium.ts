/** The one place that knows about Chromium: where it is, how it is started, and what happens where there is none. */

import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium } from 'playwright-core'
import { describe, it } from 'vitest'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--in-process-gpu',
  '--renderer-process-limit=1',
]

const asked = process.env.BELLWETHER_CHROMIUM
const candidates = asked ? [asked] : PLACES

/** The executable: `BELLWETHER_CHROMIUM`, or where Linux distributions put it; null where there is none. */
export const chromiumPath = candidates.find((path) => existsSync(path)) ?? null

/**
 * A group of tests that need a browser. Without Chromium they are skipped, and the output says so; with `CI=true` that is a
 * failure.
 */
export function describeInBrowser(name: string, body: () => void): void {
  const missing = `no Chromium at ${candidates.join(', ')}: install it, or set BELLWETHER_CHROMIUM`
  if (chromiumPath) {
    describe(name, body)
  } else if (process.env.CI === 'true') {
    describe(name, () => {
      it('needs Chromium', () => {
        throw new Error(missing)
      })
    })
  } else {
    console.warn(`Browser tests skipped: ${name}: ${missing}`)
    describe.skip(`${name} (${missing})`, body)
  }
}

export interface Browser {
  readonly context: BrowserContext
  close(): Promise<void>
}

export interface BrowserOptions {
  readonly width?: number
  readonly height?: number
  readonly colorScheme?: 'dark' | 'light'
  readonly timezoneId?: string
}

/** Starts a headless Chromium with a fresh profile, which is removed when it is closed. */
export async function startBrowser(options: BrowserOptions = {}): Promise<Browser> {
  if (!chromiumPath) throw new Error('no Chromium')
  const profile = await mkdtemp(join(tmpdir(), 'bellwether-chromium-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath,
    headless: true,
    args: ARGUMENTS,
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
    colorScheme: options.colorScheme ?? 'dark',
    timezoneId: options.timezoneId ?? 'Europe/Berlin',
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  context.setDefaultTimeout(60_000)
  return {
    context,
    async close() {
      await context.close()
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
