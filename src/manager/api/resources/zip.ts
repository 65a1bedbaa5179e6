import { buffer } from 'node:stream/consumers'
import { ZipFile } from 'yazl'

/** Files as one zip archive, all in `folder`. The same files give the same bytes. */
export async function zipped(
  folder: string,
  files: readonly { path: string; contents: Uint8Array }[],
): Promise<Uint8Array> {
  const zip = new ZipFile()
  for (const { path, contents } of files)
    zip.addBuffer(Buffer.from(contents), `${folder}/${path}`, {
      mtime: new Date('1980-01-01T00:00:00'),
      mode: 0o100644,
    })
  zip.end()
  return buffer(zip.outputStream)
}
