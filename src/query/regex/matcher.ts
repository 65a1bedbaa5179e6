import { type CharSet, type Fold, foldAscii, foldUnicode, has } from './charset.js'
import { BOUNDARY_WORD, DOT, LINE_END } from './classes.js'
import { RegexTooSlowError } from './errors.js'
import { FOLDS, Op, PLACES, type Program } from './program.js'
import type { Place } from './tree.js'

/** Steps that are left for matching; several matchers may share them. A step is an instruction or a character of a run. */
export interface Budget {
  steps: number
}

/** Entries of the stack, four numbers each: what to do when matching goes back. */
const BRANCH = 0 // pc, position
const GREEDY = 1 // pc of the run, least position, position
const LAZY = 2 // pc of the run, position, how many more
const RESTORE = 3 // slot, value
const ENTRY = 4

/** Cells of the table of visited places at most: 16 MB. */
const MAX_VISITED = 1 << 22
const MAX_EPOCH = 0x7fff0000

/**
 * Matches whole values by going back over choices, as Java does. Where that turns out to be slow, places that were
 * tried are remembered and not tried again, so that the time is bounded by pattern length times value length squared.
 * This is not possible with references such as `\1`; then the budget ends it.
 */
export class Matcher {
  readonly #code: Int32Array
  readonly #sets: CharSet[]
  readonly #branches: number
  readonly #remembers: boolean
  readonly #pattern: string
  readonly #budget: Budget
  readonly #stepsPerValue: number
  readonly #slots: Int32Array
  #stack = new Int32Array(256 * ENTRY)
  #top = 0
  #value = ''
  #steps = 0
  #visited: Int32Array = new Int32Array(0)
  #epoch = 0
  #oneLine: boolean | undefined

  constructor(program: Program, pattern: string, budget: Budget, stepsPerValue: number) {
    this.#code = program.code
    this.#sets = program.sets
    this.#branches = program.branches
    this.#remembers = !program.references
    this.#slots = new Int32Array(program.slots).fill(-1)
    this.#pattern = pattern
    this.#budget = budget
    this.#stepsPerValue = stepsPerValue
  }

  /** @throws RegexTooSlowError when the value takes too many steps, or the budget is used up */
  test(value: string): boolean {
    this.#value = value
    this.#steps = 0
    this.#top = 0
    this.#oneLine = undefined
    if (this.#slots.length > 0) this.#slots.fill(-1)
    if (this.#epoch > MAX_EPOCH) {
      this.#visited.fill(0)
      this.#epoch = 0
    }
    try {
      return this.#run(0, 0, -1) !== -1
    } finally {
      this.#budget.steps -= this.#steps
    }
  }

  /** Matches from an instruction and a position; returns where it ended, or -1. `endAt`: where it has to end, or -1. */
  #run(startPc: number, startPosition: number, endAt: number): number {
    const code = this.#code
    const sets = this.#sets
    const value = this.#value
    const length = value.length
    const base = this.#top
    const epoch = ++this.#epoch
    const limit = Math.min(this.#stepsPerValue, this.#budget.steps)
    const slowAfter = this.#remembers ? 256 + 16 * length : Number.POSITIVE_INFINITY
    let pc = startPc
    let at = startPosition

    for (;;) {
      if (++this.#steps > limit)
        throw new RegexTooSlowError(this.#pattern, limit < this.#stepsPerValue ? 'all' : 'one')
      switch (code[pc]) {
        case Op.Text: {
          const size = code[pc + 1]!
          let i = 0
          while (i < size && value.charCodeAt(at + i) === code[pc + 2 + i]) i++
          if (i < size) break
          at += size
          pc += 2 + size
          continue
        }
        case Op.Set: {
          const next = after(sets[code[pc + 1]!]!, value, at)
          if (next === -1) break
          at = next
          pc += 2
          continue
        }
        case Op.Run: {
          if (this.#steps > slowAfter && this.#seen(code[pc + 5]!, at, epoch)) break
          const next = this.#startRun(pc, at)
          if (next === -1) break
          at = next
          pc += RUN_LENGTH
          continue
        }
        case Op.Split:
          if (this.#steps > slowAfter && this.#seen(code[pc + 3]!, at, epoch)) break
          this.#push(BRANCH, code[pc + 2]!, at, 0)
          pc = code[pc + 1]!
          continue
        case Op.Jump:
          pc = code[pc + 1]!
          continue
        case Op.Save: {
          const slot = code[pc + 1]!
          this.#push(RESTORE, slot, this.#slots[slot]!, 0)
          this.#slots[slot] = at
          pc += 2
          continue
        }
        case Op.LeaveIfEmpty:
          pc = this.#slots[code[pc + 1]!] === at ? code[pc + 2]! : pc + 3
          continue
        case Op.Reference: {
          const next = this.#reference(code[pc + 1]!, FOLDS[code[pc + 2]!]!, at)
          if (next === -1) break
          at = next
          pc += 3
          continue
        }
        case Op.Place:
          if (!isAt(PLACES[code[pc + 1]!]!, code[pc + 2] === 1, value, at)) break
          pc += 3
          continue
        case Op.Ahead:
          if ((this.#inside(pc + 3, at, -1) !== -1) === (code[pc + 1] === 1)) break
          pc = code[pc + 2]!
          continue
        case Op.Behind:
          if (this.#behind(pc, at) === (code[pc + 1] === 1)) break
          pc = code[pc + 2]!
          continue
        case Op.Atomic: {
          const next = this.#inside(pc + 2, at, -1)
          if (next === -1) break
          at = next
          pc = code[pc + 1]!
          continue
        }
        case Op.End:
          if (endAt === -1 || at === endAt) return at
          break
        case Op.Match:
          if (at === length) return at
          break
      }

      for (;;) {
        if (this.#top === base) return -1
        this.#top -= ENTRY
        const top = this.#top
        const stack = this.#stack
        const kind = stack[top]!
        if (kind === BRANCH) {
          pc = stack[top + 1]!
          at = stack[top + 2]!
          break
        }
        if (kind === RESTORE) {
          this.#slots[stack[top + 1]!] = stack[top + 2]!
          continue
        }
        const run = stack[top + 1]!
        at =
          kind === GREEDY
            ? this.#shrink(run, stack[top + 2]!, stack[top + 3]!)
            : this.#grow(run, stack[top + 2]!, stack[top + 3]!)
        if (at === -1) continue
        pc = run + RUN_LENGTH
        break
      }
    }
  }

  /** Matches a part on its own; what it captured stays, its choices do not. */
  #inside(pc: number, at: number, endAt: number): number {
    const base = this.#top
    const end = this.#run(pc, at, endAt)
    if (end === -1) return -1
    let kept = base
    const stack = this.#stack
    for (let entry = base; entry < this.#top; entry += ENTRY) {
      if (stack[entry] !== RESTORE) continue
      stack.copyWithin(kept, entry, entry + ENTRY)
      kept += ENTRY
    }
    this.#top = kept
    return end
  }

  #behind(pc: number, at: number): boolean {
    const least = this.#code[pc + 3]!
    const most = this.#code[pc + 4]!
    for (let start = at - least; start >= Math.max(0, at - most); start--)
      if (this.#inside(pc + 5, start, at) !== -1) return true
    return false
  }

  /** Goes over as many as the mode of the run wants, and remembers that there may be more or fewer. */
  #startRun(pc: number, start: number): number {
    const code = this.#code
    const value = this.#value
    const set = this.#sets[code[pc + 1]!]!
    const min = code[pc + 2]!
    const most = code[pc + 3] === -1 ? MOST : code[pc + 3]!
    const mode = code[pc + 4]!
    const wanted = mode === LAZY_MODE ? min : most
    let at = start
    let count = 0
    let least = min === 0 ? at : -1
    if (set === DOT && min === 0 && wanted === MOST && this.#isOneLine()) {
      at = value.length
      this.#steps += at - start
    } else {
      const { ascii } = set
      while (count < wanted) {
        const unit = value.charCodeAt(at)
        if (unit < 128) {
          if (ascii[unit] !== 1) break
          at++
        } else {
          const next = after(set, value, at)
          if (next === -1) break
          at = next
        }
        if (++count === min) least = at
      }
      this.#steps += count
      if (count < min) return -1
    }
    if (mode === POSSESSIVE_MODE) return at
    if (mode === LAZY_MODE) {
      this.#push(LAZY, pc, at, most - count)
      return this.#fits(pc, at) ? at : -1
    }
    if (code[pc + RUN_LENGTH] === Op.Match) return at === value.length ? at : -1
    if (!this.#fits(pc, at)) return this.#shrink(pc, least, at)
    if (at > least) this.#push(GREEDY, pc, least, at)
    return at
  }

  /** Whether `.` matches every character of the value. */
  #isOneLine(): boolean {
    this.#oneLine ??= !LINE_END.test(this.#value)
    return this.#oneLine
  }

  /** Whether what has to come after a run can stand at a position. */
  #fits(pc: number, at: number): boolean {
    const unit = this.#code[pc + 6]!
    if (unit !== -1) return this.#value.charCodeAt(at) === unit
    const set = this.#code[pc + 7]!
    if (set === -1) return true
    const here = this.#value.charCodeAt(at)
    return here < 128 ? this.#sets[set]!.ascii[here] === 1 : here >= 128
  }

  /** The next shorter end of a greedy run at which what comes after it can stand. */
  #shrink(pc: number, least: number, from: number): number {
    const value = this.#value
    let at = from
    while (at > least) {
      at -= at - 2 >= least && isPair(value, at - 2) ? 2 : 1
      this.#steps++
      if (!this.#fits(pc, at)) continue
      if (at > least) this.#push(GREEDY, pc, least, at)
      return at
    }
    return -1
  }

  /** The next longer end of a lazy run at which what comes after it can stand. */
  #grow(pc: number, from: number, left: number): number {
    const value = this.#value
    const set = this.#sets[this.#code[pc + 1]!]!
    let at = from
    for (let more = left; more > 0; more--) {
      at = after(set, value, at)
      if (at === -1) return -1
      this.#steps++
      if (!this.#fits(pc, at)) continue
      this.#push(LAZY, pc, at, more - 1)
      return at
    }
    return -1
  }

  #reference(group: number, fold: Fold, at: number): number {
    const start = this.#slots[2 * group]!
    const end = this.#slots[2 * group + 1]!
    if (start === -1 || end < start) return -1
    const captured = this.#value.slice(start, end)
    const here = this.#value.slice(at, at + captured.length)
    this.#steps += captured.length
    return captured === here || foldText(captured, fold) === foldText(here, fold) ? at + captured.length : -1
  }

  /** Whether the choice was tried at this position already; it counts as tried from now on. */
  #seen(branch: number, at: number, epoch: number): boolean {
    const row = this.#value.length + 1
    const size = this.#branches * row
    if (size > MAX_VISITED) return false
    if (this.#visited.length < size) this.#visited = new Int32Array(size)
    const cell = branch * row + at
    if (this.#visited[cell] === epoch) return true
    this.#visited[cell] = epoch
    return false
  }

  #push(kind: number, a: number, b: number, c: number): void {
    const top = this.#top
    if (top === this.#stack.length) {
      const larger = new Int32Array(2 * top)
      larger.set(this.#stack)
      this.#stack = larger
    }
    const stack = this.#stack
    stack[top] = kind
    stack[top + 1] = a
    stack[top + 2] = b
    stack[top + 3] = c
    this.#top = top + ENTRY
  }
}

const RUN_LENGTH = 8
const MOST = 0x7fffffff
const LAZY_MODE = 1
const POSSESSIVE_MODE = 2

const isPair = (value: string, at: number): boolean =>
  (value.charCodeAt(at) & 0xfc00) === 0xd800 && (value.charCodeAt(at + 1) & 0xfc00) === 0xdc00

/** The position after one character of the set, or -1. */
function after(set: CharSet, value: string, at: number): number {
  if (at >= value.length) return -1
  const unit = value.charCodeAt(at)
  if (unit < 128) return set.ascii[unit] === 1 ? at + 1 : -1
  if (!isPair(value, at)) return set.wide(unit) ? at + 1 : -1
  return set.wide(value.codePointAt(at)!) ? at + 2 : -1
}

function foldText(text: string, fold: Fold): string {
  if (fold === 'none') return text
  const one = fold === 'ascii' ? foldAscii : foldUnicode
  return Array.from(text, (c) => String.fromCodePoint(one(c.codePointAt(0)!))).join('')
}

const isLineEnd = (unit: number, unixLines: boolean): boolean =>
  unit === 10 || (!unixLines && (unit === 13 || unit === 0x85 || unit === 0x2028 || unit === 0x2029))

function isAt(place: Place, unixLines: boolean, value: string, at: number): boolean {
  const { length } = value
  const here = value.charCodeAt(at)
  const before = value.charCodeAt(at - 1)
  const insidePair = !unixLines && before === 13 && here === 10
  switch (place) {
    case 'text-start':
      return at === 0
    case 'text-end':
      return at === length
    case 'last-line-end':
      if (at === length) return true
      if (at === length - 1) return isLineEnd(here, unixLines) && !insidePair
      return at === length - 2 && !unixLines && here === 13 && value.charCodeAt(at + 1) === 10
    case 'line-start':
      return at < length && (at === 0 || (isLineEnd(before, unixLines) && !insidePair))
    case 'line-end':
      return at === length || (isLineEnd(here, unixLines) && !insidePair)
    case 'word-boundary':
      return isWordAt(value, at) !== isWordBefore(value, at)
    case 'no-word-boundary':
      return isWordAt(value, at) === isWordBefore(value, at)
  }
}

const isWordAt = (value: string, at: number): boolean =>
  at < value.length && has(BOUNDARY_WORD, value.codePointAt(at)!)

function isWordBefore(value: string, at: number): boolean {
  if (at === 0) return false
  return isWordAt(value, at >= 2 && isPair(value, at - 2) ? at - 2 : at - 1)
}
