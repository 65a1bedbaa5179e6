/** What the bodies of heartbeats and of their answers are checked with. */

import { finite, list, optional, shape, text, whole } from './shape.js'

export const BIG = Number.MAX_SAFE_INTEGER
export const id = whole(1, BIG)
export const revision = whole(0, BIG)
export const time = finite
export const word = text(64, /^[A-Za-z0-9-]{8,64}$/, 'an id of 8 to 64 letters, digits and dashes')
export const signalName = text(20, /^SIG[A-Z0-9]{1,16}$/, 'the name of a signal such as SIGTERM')
export const mode = text(5, /^0?[0-7]{3,4}$/, 'an octal mode such as 0640')
export const account = text(64, /^[A-Za-z_0-9][A-Za-z0-9_.@-]*\$?$/, 'the name of a user or group')
export const absolute = text(1000, /^\/(?!.*(^|\/)\.\.?(\/|$)).*$/s, 'an absolute path without . and ..')
export const relative = text(
  500,
  /^(?!\/)(?!.*(^|\/)\.{1,2}(\/|$))(?!.*\/\/)(?!.*\/$).+$/s,
  'a relative path without . and ..',
)
export const httpUrl = text(2000, /^https?:\/\/[^\s/]+/, 'an http or https URL')
export const problem = optional(shape({ code: text(64), message: text(4000) }))
export const names = (max: number) => list(text(200), max)
