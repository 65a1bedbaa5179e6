import type { Collector } from './collector.js'
import { createProber } from './prober.js'
import { type StatFs, statfsByCommand } from './statfs.js'

export interface AgentFoldersOptions {
  /** The agent's own: what waits to be sent, positions in logs, and as a rule its log. */
  dataDir: string
  /** Of processes; undefined without a manager. */
  processDir?: string | undefined
  statfs?: StatFs
}

/** Space on the file systems that the agent itself needs, as figures of the host: no configuration has to say where that is. */
export function createAgentFoldersCollector({ dataDir, processDir, statfs }: AgentFoldersOptions): Collector {
  const folders = { agent_data_directory: dataDir, agent_process_directory: processDir }
  const paths = [...new Set([dataDir, ...(processDir === undefined ? [] : [processDir])])]
  const prober = createProber({ statfs: statfs ?? statfsByCommand })
  return {
    name: 'agent-folders',
    async collect({ host, report }) {
      const { answers } = await prober.probe(paths)
      for (const [stem, path] of Object.entries(folders)) {
        const stats = path === undefined ? undefined : answers.get(path)
        if (!stats) continue
        report(host.entity, `${stem}_capacity`, stats.capacity)
        report(host.entity, `${stem}_capacity_free`, stats.free)
      }
    },
    async stop() {
      prober.stop()
    },
  }
}
