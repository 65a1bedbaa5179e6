import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { Logger } from 'pino'
import { SettingsError } from '../config/index.js'

export interface TlsFiles {
  cert: string
  key: string
}

interface TlsSettings {
  tlsCert: string
  tlsKey: string
}

const LOOK_MS = 10_000

/** Undefined: plain HTTP. Throws `SettingsError` where one of the two is missing or they do not fit. */
export function tlsFiles({ tlsCert, tlsKey }: TlsSettings): TlsFiles | undefined {
  if (tlsCert === '' && tlsKey === '') return undefined
  if (tlsCert === '' || tlsKey === '') throw new SettingsError('--tls-cert and --tls-key are given together')
  const files = { cert: tlsCert, key: tlsKey }
  try {
    createSecureContext(readTls(files))
  } catch (error) {
    throw new SettingsError(
      `The certificate ${tlsCert} with the key ${tlsKey} cannot be used: ${(error as Error).message}`,
    )
  }
  return files
}

export function readTls({ cert, key }: TlsFiles) {
  return { cert: readFileSync(cert), key: readFileSync(key), minVersion: 'TLSv1.2' as const }
}

/** Tells of renewed files, until the returned function is called. Those that cannot be used are left alone. */
export function watchTls(
  files: TlsFiles,
  logger: Logger,
  renewed: (tls: ReturnType<typeof readTls>) => void,
): () => void {
  const look = () => {
    try {
      const tls = readTls(files)
      createSecureContext(tls)
      renewed(tls)
      logger.info({ cert: files.cert }, 'The renewed certificate is in use')
    } catch (error) {
      logger.error(
        { cert: files.cert, reason: (error as Error).message },
        'The renewed certificate cannot be used; the one before is used on',
      )
    }
  }
  const paths = [files.cert, files.key]
  for (const path of paths) watchFile(path, { interval: LOOK_MS, persistent: false }, look)
  return () => {
    for (const path of paths) unwatchFile(path, look)
  }
}
