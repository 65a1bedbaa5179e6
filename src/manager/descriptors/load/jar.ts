import { basename } from 'node:path'
import { promisify } from 'node:util'
import yauzl from 'yauzl'
import { type Bundle, BundleError, badPath, bundleLimits, isWanted } from './bundle.js'

const open = promisify<string, yauzl.Options, yauzl.ZipFile>(yauzl.open)

/**
 * Reads a jar: a zip with `descriptor/`, `scripts/`, `aux/`, `images/` at its root.
 *
 * Throws `BundleError` for a file that is no zip, is damaged, is larger than `bundleLimits`, or has entries that would
 * lead out of a folder (`..`, absolute paths).
 */
export async function readJar(path: string): Promise<Bundle> {
  let zip: yauzl.ZipFile
  try {
    // Names are checked by us: yauzl would refuse backslashes silently by turning them.
    zip = await open(path, {
      lazyEntries: true,
      validateEntrySizes: true,
      strictFileNames: true,
      autoClose: false,
    })
  } catch (error) {
    throw new BundleError(`is not a readable jar (${(error as Error).message}); replace it`, { cause: error })
  }
  try {
    return {
      name: basename(path).replace(/\.jar$/i, ''),
      path,
      kind: 'jar',
      builtIn: false,
      files: await readEntries(zip),
    }
  } finally {
    zip.close()
  }
}

async function readEntries(zip: yauzl.ZipFile): Promise<Map<string, Uint8Array>> {
  if (zip.entryCount > bundleLimits.entries)
    throw new BundleError(`has ${zip.entryCount} entries; ${bundleLimits.entries} are allowed`)
  const files = new Map<string, Uint8Array>()
  let total = 0
  for (let entry = await next(zip); entry; entry = await next(zip)) {
    const { fileName, uncompressedSize: size } = entry
    const bad = badPath(fileName)
    if (bad) throw new BundleError(`entry ${JSON.stringify(fileName)} ${bad}; no such jar is taken`)
    if (fileName.endsWith('/') || !isWanted(fileName)) continue
    total += size
    if (size > bundleLimits.fileBytes || total > bundleLimits.totalBytes)
      throw new BundleError(
        `${JSON.stringify(fileName)} is too large: ${bundleLimits.fileBytes} bytes a file and ${bundleLimits.totalBytes} in all are allowed`,
      )
    if (files.has(fileName)) throw new BundleError(`has ${JSON.stringify(fileName)} twice; remove one`)
    files.set(fileName, await contents(zip, entry))
  }
  return files
}

function next(zip: yauzl.ZipFile): Promise<yauzl.Entry | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      zip.removeListener('entry', onEntry)
      zip.removeListener('end', onEnd)
      zip.removeListener('error', onError)
      act()
    }
    const onEntry = (entry: yauzl.Entry) => settle(() => resolve(entry))
    const onEnd = () => settle(() => resolve(undefined))
    const onError = (error: Error) => settle(() => reject(damaged(error)))
    zip.on('entry', onEntry)
    zip.on('end', onEnd)
    zip.on('error', onError)
    zip.readEntry()
  })
}

async function contents(zip: yauzl.ZipFile, entry: yauzl.Entry): Promise<Uint8Array> {
  try {
    const stream = await promisify<yauzl.Entry, NodeJS.ReadableStream>(zip.openReadStream.bind(zip))(entry)
    const chunks: Buffer[] = []
    // yauzl ends the stream with an error as soon as it gives more than the size the entry declares.
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks)
  } catch (error) {
    throw damaged(error as Error)
  }
}

function damaged(error: Error): BundleError {
  return new BundleError(`is damaged (${error.message}); replace it`, { cause: error })
}
