import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLog } from '../../src/cli/log-file.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-log-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the log of a role', () => {
  it('never takes more than its bound, and keeps the newest lines', () => {
    const log = openLog(join(folder, 'a.log'), { maxBytes: 100, kept: 2 })
    for (let i = 0; i < 200; i++) log.write(Buffer.from(`line ${i}\n`))
    log.close()
    const files = readdirSync(folder)
    expect(files.sort()).toEqual(['a.log', 'a.log.1', 'a.log.2'])
    for (const file of files) expect(statSync(join(folder, file)).size).toBeLessThanOrEqual(100)
    expect(readFileSync(join(folder, 'a.log'), 'utf8')).toContain('line 199\n')
  })

  it('goes on where it ended, readable by its owner alone', () => {
    const path = join(folder, 'a.log')
    for (const text of ['one\n', 'two\n']) {
      const log = openLog(path)
      log.write(Buffer.from(text))
      log.close()
      log.close()
    }
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('survives a folder that vanishes', () => {
    const log = openLog(join(folder, 'a.log'), { maxBytes: 10 })
    rmSync(folder, { recursive: true })
    for (let i = 0; i < 10; i++) log.write(Buffer.from('something\n'))
    log.close()
  })
})
