import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readTail } from '../../src/agent/processes/tail.js'

const folder = mkdtempSync(join(tmpdir(), 'bellwether-tail-'))
mkdirSync(join(folder, 'logs'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string) => join(folder, name)
const tail = (file: string, more: { maxBytes?: number; uid?: number; folder?: string } = {}) =>
  readTail({ folder, file, uid: process.getuid!(), maxBytes: 1_000, ...more })

describe('the end of a log', () => {
  it('is all of a short one, and whole lines of a long one', async () => {
    writeFileSync(at('logs/stdout.log'), 'one\ntwo\n')
    expect(await tail('stdout')).toBe('one\ntwo\n')
    expect(await tail('stdout', { maxBytes: 6 })).toBe('two\n')
    writeFileSync(at('long.log'), Array.from({ length: 5_000 }, (_, i) => `line ${i}\n`).join(''))
    const text = await tail(at('long.log'))
    expect(text.length).toBeLessThanOrEqual(1_000)
    expect(text).toMatch(/^line \d+\n(line \d+\n)*line 4999\n$/)
  })

  it('is text, whatever is in the file', async () => {
    writeFileSync(at('odd.log'), Buffer.from('a\0b\x1b[31m\tc\r\n\xff\xfe é\n', 'latin1'))
    expect(await tail(at('odd.log'))).toBe('a?b?[31m\tc?\n\ufffd\ufffd \ufffd\n')
    writeFileSync(at('empty.log'), '')
    expect(await tail(at('empty.log'))).toBe('')
  })

  it('is nothing that the user of the process could not have written', async () => {
    writeFileSync(at('secret'), 'secret')
    symlinkSync(at('secret'), at('link.log'))
    await expect(tail(at('link.log'))).rejects.toThrow('ELOOP')
    symlinkSync(at('secret'), at('logs/stderr.log'))
    await expect(tail('stderr')).rejects.toThrow('ELOOP')
    symlinkSync(at('logs'), at('linked'))
    mkdirSync(at('p'))
    symlinkSync(at('logs'), at('p/logs'))
    await expect(tail('stdout', { folder: at('p') })).rejects.toThrow('ENOTDIR')
    linkSync(at('secret'), at('hard.log'))
    await expect(tail(at('hard.log'))).rejects.toThrow('no plain file')
    writeFileSync(at('other.log'), 'of another')
    await expect(tail(at('other.log'), { uid: process.getuid!() + 1 })).rejects.toThrow('no plain file')
    execFileSync('mkfifo', [at('fifo.log')])
    await expect(tail(at('fifo.log'))).rejects.toThrow('no plain file')
    await expect(tail(at('logs'))).rejects.toThrow('no plain file')
    await expect(tail(at('none.log'))).rejects.toThrow('There is no log')
  })
})
