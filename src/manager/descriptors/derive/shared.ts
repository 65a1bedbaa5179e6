import type { ConfigWriter } from '../model/config-writer.js'
import type { SharedConfigs } from '../model/service.js'

/** Puts the entries that files share in their places; a name that leads nowhere is left out. */
export function withShared(writer: ConfigWriter, shared: readonly SharedConfigs[]): ConfigWriter {
  return {
    ...writer,
    generators: writer.generators.map((generator) => ({
      ...generator,
      additionalConfigs: generator.additionalConfigs.flatMap((entry) =>
        entry.type === 'shared' ? (shared.find((each) => each.name === entry.key)?.entries ?? []) : [entry],
      ),
    })),
  }
}
