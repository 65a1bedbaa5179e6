import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { holderOfLock, holdLock, LockHeldError } from '../../src/wire/lock-file.js'

const folder = mkdtempSync(join(tmpdir(), 'bellwether-lock-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What a lock that the process holds says: its id, its start and the boot. */
function lockOf(pid: number): { state: string | undefined; content: string } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return { state: fields[0], content: `${pid} ${fields[19]} ${boot}` }
}

test('a lock is refused to all while its process runs, with that process named, and free after its release', async () => {
  const path = join(folder, 'held')
  const release = await holdLock(path)
  expect(await holderOfLock(path)).toBe(process.pid)
  const refused = await holdLock(path).catch((error) => error)
  expect(refused).toBeInstanceOf(LockHeldError)
  expect(refused).toMatchObject({ pid: process.pid })
  await release()
  await release()
  expect(await holderOfLock(path)).toBeUndefined()
})

test('a lock of another process of the same id, or of an earlier boot, is stale', async () => {
  const path = join(folder, 'stale')
  const [pid, start, boot] = lockOf(process.pid).content.split(' ')
  for (const content of [
    `${pid} ${Number(start) - 1} ${boot}`,
    `${pid} ${start} another`,
    `${pid}`,
    '',
    'x',
  ]) {
    writeFileSync(path, content)
    expect(await holderOfLock(path)).toBeUndefined()
    await (await holdLock(path))()
  }
})

test('a process that has ended holds nothing, even if nobody waits for it', async () => {
  const path = join(folder, 'zombie')
  // The program in the shell's place does not wait for the child that the shell has left it.
  const parent = spawn('sh', ['-c', 'sleep 1000 & echo $!; exec sleep 1000'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  try {
    const [line] = await once(parent.stdout, 'data')
    const pid = Number(String(line))
    const isSleeping = () => readFileSync(`/proc/${parent.pid}/comm`, 'utf8').trim() === 'sleep'
    while (!isSleeping()) await new Promise((resolve) => setTimeout(resolve, 5))
    process.kill(pid, 'SIGKILL')
    while (lockOf(pid).state !== 'Z') await new Promise((resolve) => setTimeout(resolve, 5))
    writeFileSync(path, lockOf(pid).content)
    expect(await holderOfLock(path)).toBeUndefined()
    await (await holdLock(path))()
  } finally {
    parent.kill('SIGKILL')
  }
})
