import { X509Certificate } from 'node:crypto'
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { isIP } from 'node:net'
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

/** The file's path, or `''`. Throws `SettingsError` where there is no certificate to be had from it. */
export function authoritiesFile(path: string, option: string): string {
  if (path === '') return path
  try {
    new X509Certificate(readFileSync(path))
  } catch (error) {
    throw new SettingsError(
      `${option} ${path}: no certificate can be read from it (${(error as Error).message}); it is to be a file in PEM`,
    )
  }
  return path
}

const SOON_MS = 21 * 86_400_000

/** What those who connect will find wrong with a certificate, before they do; empty: nothing. `name`: theirs for this host. */
export function certificateWarnings(path: string, name: string, now = Date.now()): string[] {
  const certificate = new X509Certificate(readFileSync(path))
  const { validFrom, validTo, subjectAltName, subject } = certificate
  const ends = Date.parse(validTo)
  const warnings: string[] = []
  if (ends <= now) warnings.push(`has expired on ${validTo}: nobody will connect until it is renewed`)
  else if (ends - now < SOON_MS) warnings.push(`expires on ${validTo}: renew it`)
  if (Date.parse(validFrom) > now) warnings.push(`is not valid before ${validFrom}: is the clock right?`)
  const names = isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)
  if (name !== '' && names === undefined)
    warnings.push(
      `is not for ${name}, by which others reach this host, but for ${subjectAltName ?? subject}: say the right name with --advertise, or have another certificate made`,
    )
  return warnings
}

export function readTls({ cert, key }: TlsFiles) {
  return { cert: readFileSync(cert), key: readFileSync(key), minVersion: 'TLSv1.2' as const }
}

export function warnOfCertificate(files: TlsFiles, name: string, logger: Logger): void {
  for (const warning of certificateWarnings(files.cert, name))
    logger.warn({ cert: files.cert }, `The certificate ${warning}`)
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
      warnOfCertificate(files, '', logger)
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
