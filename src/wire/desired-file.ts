import type { DesiredDirectory, DesiredFile } from './desired-state.js'
import { absolute, account, mode, relative } from './heartbeat-checks.js'
import { byDefault, type Check, oneOf, optional, ShapeError, shape, text } from './shape.js'

/** Exactly one source: a file with two would be one thing to one reader and another to the next. */
export const file: Check<DesiredFile> = (value, path) => {
  const checked = shape<DesiredFile>({
    path: relative,
    mode: byDefault(mode, '0640'),
    owner: byDefault(oneOf('process', 'agent'), 'process'),
    content: optional(text(16 * 1024 * 1024)),
    base64: optional(text(24 * 1024 * 1024, /^[A-Za-z0-9+/]*={0,2}$/, 'base64')),
    digest: optional(text(64, /^[0-9a-f]{64}$/, 'a SHA-256 in 64 hexadecimal digits')),
    url: optional(text(2000, /^\/(?!\/)/, 'a path on the manager that starts with /')),
  })(value, path)
  const sources = [checked.content, checked.base64, checked.url].filter((one) => one !== undefined)
  if (sources.length !== 1 || (checked.url === undefined) !== (checked.digest === undefined))
    throw new ShapeError(path, 'a file with one of content, base64, or digest and url')
  if (/^logs(\/|$)/.test(checked.path)) throw new ShapeError(`${path}.path`, 'outside of logs/')
  return checked
}

export const directory = shape<DesiredDirectory>({
  path: absolute,
  mode: byDefault(mode, '0755'),
  user: optional(account),
  group: optional(account),
})
