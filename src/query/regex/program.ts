import type { CharSet, Fold } from './charset.js'
import { RegexSyntaxError } from './errors.js'
import type { Pattern } from './parse.js'
import { firstOf, type Place, type Tree, widthOf } from './tree.js'

/** Instructions, each followed by its operands in the code. */
export const Op = {
  /** length, that many units */ Text: 0,
  /** set */ Set: 1,
  /** set, min, max (-1: no limit), mode (0 greedy, 1 lazy, 2 possessive), branch, unit that must follow or -1, set of
   * which one must follow or -1 */ Run: 2,
  /** first, second, branch */ Split: 3,
  /** target */ Jump: 4,
  /** slot: remember the position */ Save: 5,
  /** slot, target: leave a loop whose body matched nothing */ LeaveIfEmpty: 6,
  /** group, fold */ Reference: 7,
  /** place, unix lines */ Place: 8,
  /** negative, target: the part that looks ahead follows */ Ahead: 9,
  /** negative, target, least, most */ Behind: 10,
  /** target */ Atomic: 11,
  /** end of what is inside Ahead, Behind, Atomic */ End: 12,
  Match: 13,
} as const

export const PLACES: readonly Place[] = [
  'text-start',
  'text-end',
  'last-line-end',
  'line-start',
  'line-end',
  'word-boundary',
  'no-word-boundary',
]
export const FOLDS: readonly Fold[] = ['none', 'ascii', 'unicode']

export interface Program {
  code: Int32Array
  sets: CharSet[]
  /** Places where a choice is remembered. */
  branches: number
  /** Two for each group when captures matter, one for each loop that can match nothing. */
  slots: number
  references: boolean
}

const MAX_CODE = 50_000

interface Emitter {
  code: number[]
  sets: CharSet[]
  branches: number
  slots: number
  captures: boolean
}

/** @throws RegexSyntaxError when counted repetitions make the program too large */
export function compileProgram({ tree, groups, references }: Pattern): Program {
  const slots = references ? 2 * (groups + 1) : 0
  const emitter: Emitter = { code: [], sets: [], branches: 0, slots, captures: references }
  emit(emitter, tree)
  emitter.code.push(Op.Match)
  const code = Int32Array.from(emitter.code)
  return { code, sets: emitter.sets, branches: emitter.branches, slots: emitter.slots, references }
}

/** `next`: of which characters one must follow, where that is known. */
function emit(e: Emitter, tree: Tree, next?: CharSet): void {
  if (e.code.length > MAX_CODE)
    throw new RegexSyntaxError('The counted repetitions of the pattern are too large together.', 0, 0)
  switch (tree.kind) {
    case 'set':
      if (tree.set.single !== undefined) e.code.push(Op.Text, 1, tree.set.single)
      else e.code.push(Op.Set, addSet(e, tree.set))
      return
    case 'sequence':
      emitSequence(e, tree.items, next)
      return
    case 'either':
      emitEither(e, tree.options, next)
      return
    case 'repeat':
      emitRepeat(e, tree, next)
      return
    case 'group':
      if (!e.captures) emit(e, tree.body, next)
      else {
        e.code.push(Op.Save, 2 * tree.index)
        emit(e, tree.body, next)
        e.code.push(Op.Save, 2 * tree.index + 1)
      }
      return
    case 'reference':
      e.code.push(Op.Reference, tree.group, FOLDS.indexOf(tree.fold))
      return
    case 'place':
      e.code.push(Op.Place, PLACES.indexOf(tree.place), tree.unixLines ? 1 : 0)
      return
    case 'look':
      emitLook(e, tree)
      return
    case 'atomic':
      emitInside(e, [Op.Atomic], tree.body)
      return
  }
}

function addSet(e: Emitter, set: CharSet): number {
  const known = e.sets.indexOf(set)
  return known === -1 ? e.sets.push(set) - 1 : known
}

/** A run is told what comes after it, so that it stops only where that stands. */
function emitSequence(e: Emitter, items: readonly Tree[], next: CharSet | undefined): void {
  for (let i = 0; i < items.length; i++) {
    const text = textAt(items, i)
    if (text.length > 1) {
      e.code.push(Op.Text, text.length, ...text)
      i += text.length - 1
    } else {
      const following = items[i + 1]
      emit(e, items[i]!, following ? firstOf(following) : next)
    }
  }
}

/** The units of the single characters from a place on. */
function textAt(items: readonly Tree[], start: number): number[] {
  const units: number[] = []
  for (let i = start; i < items.length; i++) {
    const item = items[i]!
    if (item.kind !== 'set' || item.set.single === undefined) break
    units.push(item.set.single)
  }
  return units
}

function emitEither(e: Emitter, options: readonly Tree[], next?: CharSet): void {
  const ends: number[] = []
  options.forEach((option, i) => {
    const last = i === options.length - 1
    const split = last ? -1 : pushSplit(e, 'first')
    emit(e, option, next)
    if (last) return
    ends.push(e.code.push(Op.Jump, 0) - 1)
    e.code[split] = e.code.length
  })
  for (const end of ends) e.code[end] = e.code.length
}

/** Begins a choice between what follows and a place that is filled in later; returns where to fill it in. */
function pushSplit(e: Emitter, prefer: 'first' | 'later'): number {
  const start = e.code.length
  const here = start + 4
  e.code.push(Op.Split, here, here, e.branches++)
  return start + (prefer === 'first' ? 2 : 1)
}

type Repeat = Extract<Tree, { kind: 'repeat' }>
const MODES = ['greedy', 'lazy', 'possessive']

function emitRepeat(e: Emitter, tree: Repeat, next: CharSet | undefined): void {
  const { body, min, max, mode } = tree
  if (max === 0) return
  if (widthOf(body).max === 0) {
    emitEmpty(e, tree)
    return
  }
  const set = setIn(e, body)
  if (set) {
    const most = max === Number.POSITIVE_INFINITY ? -1 : max
    e.code.push(Op.Run, addSet(e, set), min, most, MODES.indexOf(mode), e.branches++)
    e.code.push(next?.single ?? -1, next && next.single === undefined ? addSet(e, next) : -1)
  } else if (mode === 'possessive') emitInside(e, [Op.Atomic], { ...tree, mode: 'greedy' })
  else emitLoop(e, tree)
}

/** What matches nothing matches it once as well as many times. */
function emitEmpty(e: Emitter, { body, min }: Repeat): void {
  if (min > 0) emit(e, body)
  else emitEither(e, [body, { kind: 'sequence', items: [] }])
}

function setIn(e: Emitter, body: Tree): CharSet | undefined {
  if (body.kind === 'set') return body.set
  return body.kind === 'group' && !e.captures ? setIn(e, body.body) : undefined
}

function emitLoop(e: Emitter, { body, min, max, mode }: Repeat): void {
  const prefer = mode === 'lazy' ? 'later' : 'first'
  const endless = max === Number.POSITIVE_INFINITY
  const copies = endless ? Math.max(0, min - 1) : min
  for (let i = 0; i < copies; i++) emit(e, body)
  const exits: number[] = []
  if (!endless) {
    for (let i = min; i < max; i++) {
      exits.push(pushSplit(e, prefer))
      emit(e, body)
    }
  } else if (min === 0) {
    const start = e.code.length
    exits.push(pushSplit(e, prefer))
    exits.push(...emitIteration(e, body))
    e.code.push(Op.Jump, start)
  } else {
    const start = e.code.length
    exits.push(...emitIteration(e, body))
    const split = e.code.length
    if (mode === 'lazy') e.code.push(Op.Split, 0, start, e.branches++)
    else e.code.push(Op.Split, start, 0, e.branches++)
    exits.push(mode === 'lazy' ? split + 1 : split + 2)
  }
  for (const exit of exits) e.code[exit] = e.code.length
}

/** The body of an endless loop, guarded so that it ends when it matches nothing. */
function emitIteration(e: Emitter, body: Tree): number[] {
  if (widthOf(body).min > 0) {
    emit(e, body)
    return []
  }
  const slot = e.slots++
  e.code.push(Op.Save, slot)
  emit(e, body)
  return [e.code.push(Op.LeaveIfEmpty, slot, 0) - 1]
}

function emitLook(e: Emitter, { ahead, negative, body }: Extract<Tree, { kind: 'look' }>): void {
  const flag = negative ? 1 : 0
  if (ahead) emitInside(e, [Op.Ahead, flag], body)
  else {
    const { min, max } = widthOf(body)
    emitInside(e, [Op.Behind, flag], body, [min, Math.min(max, 0x7fffffff)])
  }
}

/** `head, target, tail, body, End`, where the target is after the End. */
function emitInside(e: Emitter, head: readonly number[], body: Tree, tail: readonly number[] = []): void {
  e.code.push(...head)
  const target = e.code.push(0) - 1
  e.code.push(...tail)
  emit(e, body)
  e.code.push(Op.End)
  e.code[target] = e.code.length
}
