import { availableParallelism } from 'node:os'
import { checkFreeSpace, type DataFolder, USERNAME, writeConfig } from './data-folder.js'
import type { EngineConnection, EngineOptions } from './engine.js'
import { EngineError } from './errors.js'
import { defaultMemoryLimit } from './memory.js'
import { checkOwnConfig } from './own-config.js'
import { freePort, LOOPBACK, type Ports } from './port.js'
import { type ServerProcess, startServerProcess } from './server-process.js'

const START_TIMEOUT_MS = 60_000
const PORT_ATTEMPTS = 5
/** The child of a parent that was just killed needs a moment to go and to let go of the folder. */
const FOLDER_PATIENCE_MS = 3_000

export interface Running {
  server: ServerProcess
  connection: EngineConnection
  ports: Ports
  version: string
}

export interface StartRequest {
  folder: DataFolder
  library: string
  program: string
  options: EngineOptions
  signal: AbortSignal
}

/**
 * Starts a server process and waits until it answers: on `ports` where they are given and still free, or else on others.
 * Rejects with an `EngineError`, and then has left no process behind.
 */
export async function startServer(request: StartRequest, ports?: Ports): Promise<Running> {
  const { folder, options } = request
  await checkFreeSpace(folder)
  await checkOwnConfig(folder.path)
  const began = Date.now()
  let tried = ports
  for (let taken = 0; ; ) {
    const current = tried ?? { http: await freePort(), tcp: options.listenTcp ? await freePort() : undefined }
    try {
      return await startOnce(request, current)
    } catch (error) {
      const code = error instanceof EngineError ? error.code : undefined
      if (code === 'port-in-use' && ++taken < PORT_ATTEMPTS) {
        options.logger.warn(
          { port: current.http },
          'The port of ClickHouse was taken meanwhile; trying another',
        )
        tried = undefined
      } else if (code === 'folder-in-use' && Date.now() - began < FOLDER_PATIENCE_MS) {
        await new Promise((resolve) => setTimeout(resolve, 250))
        tried = current
      } else throw error
    }
  }
}

async function startOnce(request: StartRequest, ports: Ports): Promise<Running> {
  const { folder, library, program, options, signal } = request
  await writeConfig(folder, {
    memoryLimitBytes: options.memoryLimitBytes ?? defaultMemoryLimit(),
    cores: availableParallelism(),
  })
  const { path, configFile } = folder
  const server = startServerProcess({ program, library, configFile, ports, folder: path }, options.logger)
  const connection: EngineConnection = {
    url: `http://${LOOPBACK}:${ports.http}`,
    username: USERNAME,
    password: folder.password,
    ...(ports.tcp === undefined ? {} : { tcpPort: ports.tcp }),
  }
  try {
    const version = await server.ready(connection, options.startTimeoutMs ?? START_TIMEOUT_MS, signal)
    return { server, connection, ports, version }
  } catch (error) {
    await server.stop()
    throw error
  }
}
