/** The pages of a real prometheus-node-exporter of this machine, one a second. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from './load/client.js'
import { findProgram, freePort, startProgram, untilReady } from './systems/program.js'

export interface ExporterPages {
  /** Resolves to those that were read, once there are `least` of them; reads no more then, and ends the exporter. */
  take(least: number): Promise<Buffer[]>
  stop(): Promise<void>
}

const READ_EVERY_MS = 1_000

/**
 * Reads in the background, at most `most` pages of some 50 kB: some 10 ms of processor time a second. Undefined where there is no
 * exporter: `apt-get install prometheus-node-exporter`, or NODE_EXPORTER_BIN.
 */
export async function readExporter(most: number, logFile: string): Promise<ExporterPages | undefined> {
  const binary = findProgram('prometheus-node-exporter', 'NODE_EXPORTER_BIN')
  if (binary === undefined) return undefined
  const port = await freePort()
  const exporter = startProgram(binary, [`--web.listen-address=127.0.0.1:${port}`], logFile)
  const source = createClient(`http://127.0.0.1:${port}`)
  await untilReady(exporter, async () => (await source.send('GET', '/metrics')).status === 200)
  const pages: Buffer[] = []
  let wanted = most
  let failure: unknown
  const reading = (async () => {
    const started = performance.now()
    for (let n = 0; pages.length < wanted; n++) {
      await sleep(Math.max(0, started + n * READ_EVERY_MS - performance.now()), undefined, { ref: false })
      pages.push((await source.send('GET', '/metrics')).body)
    }
  })().catch((error: unknown) => {
    failure = error
  })
  let stopped: Promise<void> | undefined
  const end = async () => {
    wanted = 0
    await reading
    source.close()
    await exporter.stop()
  }
  const stop = () => (stopped ??= end())
  return {
    async take(least) {
      wanted = Math.min(most, Math.max(least, pages.length))
      // The timers of the reader keep nothing alive; this one does.
      const alive = setInterval(() => {}, READ_EVERY_MS)
      await reading
      clearInterval(alive)
      await stop()
      if (failure !== undefined && pages.length < least) throw failure
      return pages
    },
    stop,
  }
}
