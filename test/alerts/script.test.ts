import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ScriptAlert } from '../../src/alerts/render/index.js'
import { eventually, isAlive } from '../integration/program.js'
import { health, publisherWith, temporaryFolder } from './support.js'

function script(folder: string, lines: string): string {
  const path = join(folder, 'alert.sh')
  writeFileSync(path, `#!/bin/sh\n${lines}\n`, { mode: 0o700 })
  return path
}

test('gets one argument, the path of a private file with all alerts, which is gone afterwards', async () => {
  const folder = temporaryFolder()
  process.env.TEST_SCRIPT_SECRET = 'not-for-scripts'
  const path = script(
    folder,
    `stat -c '%a %n' "$1" > ${folder}/stat; echo "$#" > ${folder}/count; env > ${folder}/env; cp "$1" ${folder}/copy.tmp; mv ${folder}/copy.tmp ${folder}/copy.json`,
  )
  const publisher = await publisherWith({ type: 'script', path })
  await publisher.take([health('a; touch /tmp/x', 'RED'), health('$(reboot)', 'RED')])
  await eventually('the script', () => existsSync(join(folder, 'copy.json')))
  await eventually('an empty outbox', () => publisher.status().outbox.messages === 0)
  const alerts = JSON.parse(readFileSync(join(folder, 'copy.json'), 'utf8'))
  expect(alerts.map((each: { header: object }) => each.header)).toEqual([
    { type: 'alert', version: 2 },
    { type: 'alert', version: 2 },
  ])
  expect(alerts.map((each: ScriptAlert) => each.body.alert.attributes.ROLE)).toEqual([
    ['a; touch /tmp/x'],
    ['$(reboot)'],
  ])
  const [mode, file] = readFileSync(join(folder, 'stat'), 'utf8').trim().split(' ')
  expect(mode).toBe('600')
  expect(existsSync(file!)).toBe(false)
  expect(readFileSync(join(folder, 'count'), 'utf8')).toBe('1\n')
  expect(readFileSync(join(folder, 'env'), 'utf8')).not.toContain('not-for-scripts')
})

test('a failing script is tried again, marked, so often as the settings say, and what it printed is shown', async () => {
  const folder = temporaryFolder()
  const path = script(folder, `cp "$1" ${folder}/try-$$; echo cannot reach the pager >&2; exit 3`)
  const publisher = await publisherWith({ type: 'script', path, maxAttempts: 2 })
  await publisher.take([health('a', 'RED')])
  await eventually('the loss', () => publisher.status().receivers[0]!.lost === 1)
  expect(publisher.status().receivers[0]!.lastError!.reason).toMatch(/exit code 3: cannot reach the pager/)
  const repeats = readdirSync(folder)
    .filter((name) => name.startsWith('try-'))
    .map(
      (name) =>
        JSON.parse(readFileSync(join(folder, name), 'utf8'))[0].body.alert.attributes.BELLWETHER_REPEAT[0],
    )
  expect(repeats.sort()).toEqual(['false', 'true'])
})

test('a script that hangs is killed with what it has started', async () => {
  const folder = temporaryFolder()
  const path = script(folder, `sleep 600 & echo $! > ${folder}/pid; yes & wait`)
  const publisher = await publisherWith({ type: 'script', path, timeout: '1s' })
  const started = () => Number(existsSync(join(folder, 'pid')) && readFileSync(join(folder, 'pid'), 'utf8'))
  // On a machine that is busy its second may be over before it has begun.
  const result = await eventually('a script that gets as far as that', async () => {
    const each = await publisher.test('ops')
    return started() > 0 && each
  })
  expect(result!.failures[0]).toMatchObject({ kind: 'later', uncertain: true })
  expect(result!.failures[0]!.reason).toMatch(/did not end within 1 s and was killed/)
  expect(result!.failures[0]!.reason.length).toBeLessThanOrEqual(500)
  const pid = started()
  await eventually('its end', () => !isAlive(pid))
})

test('a script that is not there is said so', async () => {
  const publisher = await publisherWith({ type: 'script', path: '/nowhere/alert.sh' })
  expect((await publisher.test('ops'))!.failures[0]!.reason).toMatch(/cannot be run: .*ENOENT/)
})
