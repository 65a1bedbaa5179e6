import type { GeneratedFile, Process } from './process.js'

/** A file as people may see it. */
export function shownContents(file: GeneratedFile): Uint8Array {
  return file.shown ?? file.contents
}

/** A process as people may see it: sensitive values are blotted out everywhere. */
export function shownProcess(process: Process): Process {
  return {
    ...process,
    args: process.shown?.args ?? process.args,
    environment: process.shown?.environment ?? process.environment,
    files: process.files.map((file) => ({ ...file, contents: shownContents(file), shown: undefined })),
    shown: undefined,
  }
}
