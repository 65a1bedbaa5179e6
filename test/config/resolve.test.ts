import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  agentOptions,
  help,
  monitorOptions,
  resolve,
  SettingsError,
  upOptions,
} from '../../src/config/index.js'

const folder = mkdtempSync(join(tmpdir(), 'bellwether-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(content: string): string {
  const path = join(folder, `${Math.random()}.json`)
  writeFileSync(path, content)
  return path
}

describe('settings', () => {
  it('takes a flag before a variable before the file before the default', () => {
    const config = file('{"port": 3, "data": "from-file", "monitorPort": 4}')
    const env = { BELLWETHER_CONFIG: config, BELLWETHER_PORT: '2', BELLWETHER_DATA: 'from-variable' }
    const { values } = resolve(upOptions, ['--port', '1'], env)
    expect(values).toMatchObject({ port: 1, data: 'from-variable', monitorPort: 4, host: '127.0.0.1' })
  })

  it('says which setting is wrong, where it came from, and what is allowed, for all of them at once', () => {
    const run = () => resolve(upOptions, ['--port', '70000'], { BELLWETHER_INTERVAL: 'soon' })
    expect(run).toThrow(SettingsError)
    expect(run).toThrow(
      /--port: "70000" is not a whole number from 0 to 65535\nBELLWETHER_INTERVAL: "soon" is not a time span/,
    )
  })

  it('refuses a flag it does not know, by its name', () => {
    expect(() => resolve(upOptions, ['--prot', '1'], {})).toThrow(/Unknown option '--prot'\. See --help/)
  })

  it('says how a setting that another command has as a flag is given', () => {
    expect(() => resolve(upOptions, ['--durability', 'synced'], {})).toThrow(
      /'--durability': it is a setting of monitor; roles that up starts get it as the variable BELLWETHER_DURABILITY/,
    )
  })

  it('takes no secret as a flag, and shows none in an error', () => {
    expect(() => resolve(monitorOptions, ['--clickhouse-password', 'x'], {})).toThrow(
      /Unknown option .* secret, for the variable BELLWETHER_CLICKHOUSE_PASSWORD or a file/,
    )
    expect(
      resolve(monitorOptions, [], { BELLWETHER_CLICKHOUSE_PASSWORD: 'x' }).values.clickhousePassword,
    ).toBe('x')
  })

  it('names a settings file that is missing, broken, or not an object', () => {
    expect(() => resolve(upOptions, ['--config', join(folder, 'none')], {})).toThrow(
      /settings file .*none cannot be read/,
    )
    expect(() => resolve(upOptions, ['--config', file('{')], {})).toThrow(/cannot be read/)
    expect(() => resolve(upOptions, ['--config', file('[]')], {})).toThrow(/one JSON object/)
    expect(() => resolve(upOptions, ['--config', file('{"port": {}}')], {})).toThrow(/"port" must be a text/)
  })

  it('names a setting in the file that no role has, and takes those of other roles', () => {
    expect(resolve(upOptions, ['--config', file('{"streamLimit": 5, "port": 1}')], {}).values.port).toBe(1)
    expect(() => resolve(upOptions, ['--config', file('{"monitor-port": 5}')], {})).toThrow(
      /there is no setting "monitor-port"; did you mean "monitorPort"\?/,
    )
    expect(() => resolve(upOptions, ['--config', file('{"prot": 5}')], {})).toThrow(
      /no setting "prot"\. See --help/,
    )
  })

  it('reads sizes and time spans', () => {
    const { values } = resolve(
      agentOptions,
      ['--interval', '2m', '--spool-bytes', '1.5GiB', '--agent-port', 'off'],
      {},
    )
    expect(values).toMatchObject({ interval: 120_000, spoolBytes: 1.5 * 1024 ** 3, agentPort: -1 })
  })

  it('refuses sizes and time spans with which nothing would work', () => {
    const run = () => resolve(agentOptions, ['--interval', '0s', '--spool-bytes', '1k'], {})
    expect(run).toThrow(/--interval: "0s" is less than 1s\n--spool-bytes: "1k" is less than 64k/)
    expect(() => resolve(agentOptions, ['--interval', '2h'], {})).toThrow(/is more than 1h/)
    expect(resolve(agentOptions, ['--interval', '60m'], {}).values.interval).toBe(3_600_000)
    expect(() => resolve(monitorOptions, ['--events-keep', '0'], {})).toThrow(/is less than 1d/)
  })

  it('lists every option with its variable and its default', () => {
    const text = help('bellwether up', 'Summary', upOptions)
    for (const option of Object.values(upOptions)) expect(text).toContain(option.help)
    expect(text).toContain('BELLWETHER_MONITOR_PORT')
    expect(text).toContain('[10s]')
  })
})
