import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { chmod, link, readFile, rm, writeFile } from 'node:fs/promises'

/** What a sealed text is for; one sealed for one purpose cannot be passed off as another. */
export type SealPurpose = 'config' | 'process' | 'check'

/** Seals with the first key, opens with any. */
export interface Keyring {
  seal(text: string | Uint8Array, purpose: SealPurpose): Buffer
  /** Throws `KeyError` where no key of the ring fits, or the text has been changed. */
  open(sealed: Uint8Array, purpose: SealPurpose): Buffer
  /** Was it sealed with the first key? Otherwise it is due for rotation. */
  isCurrent(sealed: Uint8Array): boolean
}

export class KeyError extends Error {
  override name = 'KeyError'
}

const VERSION = 1
const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * A ring of deployment keys: lines `<id>:<32 bytes in base64>`, the one for new secrets first. To rotate, put a new line
 * before the others on every manager and restart them one by one; `reseal` brings what is stored over to it.
 *
 * A sealed text is: version (1), length of the id (1), id, IV (12), tag (16), AES-256-GCM.
 */
export function parseKeyring(text: string, source: string): Keyring {
  const keys = new Map<string, Buffer>()
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const match = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]{43}=)$/.exec(line.trim())
    if (!match)
      throw new KeyError(`The deployment key in ${source} is not of the form <id>:<32 bytes in base64>.`)
    if (keys.has(match[1]!))
      throw new KeyError(`The deployment keys in ${source} have the id ${match[1]} twice.`)
    keys.set(match[1]!, Buffer.from(match[2]!, 'base64'))
  }
  const first = keys.keys().next().value
  if (first === undefined) throw new KeyError(`There is no deployment key in ${source}.`)

  return {
    seal(plain, purpose) {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', keys.get(first)!, iv)
      cipher.setAAD(Buffer.from(purpose))
      const body = Buffer.concat([cipher.update(plain), cipher.final()])
      return Buffer.concat([
        Buffer.from([VERSION, first.length]),
        Buffer.from(first),
        iv,
        cipher.getAuthTag(),
        body,
      ])
    },
    open(sealed, purpose) {
      const { id, rest } = keyIdOf(sealed)
      const key = keys.get(id)
      if (!key)
        throw new KeyError(
          `A stored secret needs the deployment key "${id}", which ${source} does not hold. Copy the key from a manager of this deployment.`,
        )
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, rest.subarray(0, IV_BYTES))
        decipher.setAAD(Buffer.from(purpose))
        decipher.setAuthTag(rest.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
        return Buffer.concat([decipher.update(rest.subarray(IV_BYTES + TAG_BYTES)), decipher.final()])
      } catch (cause) {
        throw new KeyError(
          `A stored secret cannot be read with the deployment key "${id}" of ${source}: it is another key under the same id, or the secret was changed.`,
          { cause },
        )
      }
    },
    isCurrent: (sealed) => keyIdOf(sealed).id === first,
  }
}

function keyIdOf(sealed: Uint8Array): { id: string; rest: Buffer } {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
  const length = bytes[1] ?? 0
  if (bytes[0] !== VERSION || bytes.length < 2 + length + IV_BYTES + TAG_BYTES)
    throw new KeyError('A stored secret is not of a form that this version knows.')
  return { id: bytes.toString('latin1', 2, 2 + length), rest: bytes.subarray(2 + length) }
}

/** One line of a key file. */
export function newKey(id: string = `k${randomBytes(4).toString('hex')}`): string {
  return `${id}:${randomBytes(KEY_BYTES).toString('base64')}`
}

/**
 * The deployment's keys: from the variable's text where it is given, else from the file, which is made (0600) at the first
 * start of the first manager. The others need a copy.
 */
export async function openKeyring(options: { text?: string | undefined; file: string }): Promise<Keyring> {
  if (options.text) return parseKeyring(options.text.replaceAll(',', '\n'), 'the variable')
  const { file } = options
  try {
    await chmod(file, 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    const temporary = `${file}.${randomBytes(6).toString('hex')}`
    await writeFile(temporary, `${newKey()}\n`, { mode: 0o600, flush: true })
    await link(temporary, file).catch((problem: NodeJS.ErrnoException) => {
      if (problem.code !== 'EEXIST') throw problem
    })
    await rm(temporary)
  }
  return parseKeyring(await readFile(file, 'utf8'), file)
}
