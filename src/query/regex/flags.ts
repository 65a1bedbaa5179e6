import type { Fold } from './charset.js'

/** Java's embedded flags. */
export interface Flags {
  /** `i` */ readonly ignoreCase: boolean
  /** `u`: `i` reaches beyond ASCII */ readonly unicodeCase: boolean
  /** `U`: `\w` and its kin reach beyond ASCII */ readonly unicodeClasses: boolean
  /** `m` */ readonly multiline: boolean
  /** `s` */ readonly dotAll: boolean
  /** `x` */ readonly comments: boolean
  /** `d` */ readonly unixLines: boolean
}

export const NO_FLAGS: Flags = {
  ignoreCase: false,
  unicodeCase: false,
  unicodeClasses: false,
  multiline: false,
  dotAll: false,
  comments: false,
  unixLines: false,
}

/** The flags after one letter is switched; undefined for a letter that is none. */
export function withFlag(flags: Flags, letter: string, on: boolean): Flags | undefined {
  switch (letter) {
    case 'i':
      return { ...flags, ignoreCase: on }
    case 'u':
      return { ...flags, unicodeCase: on }
    case 'U':
      return { ...flags, unicodeClasses: on, unicodeCase: on || flags.unicodeCase }
    case 'm':
      return { ...flags, multiline: on }
    case 's':
      return { ...flags, dotAll: on }
    case 'x':
      return { ...flags, comments: on }
    case 'd':
      return { ...flags, unixLines: on }
  }
  return undefined
}

export function foldOf({ ignoreCase, unicodeCase }: Flags): Fold {
  if (!ignoreCase) return 'none'
  return unicodeCase ? 'unicode' : 'ascii'
}
