import type { Tree } from './tree.js'

/**
 * The longest text that every match contains; empty where there is none. Looking for it first rules out most values
 * at the speed of the machine.
 */
export function requiredText(tree: Tree): string {
  let best = ''
  let run = ''
  const end = () => {
    if (run.length > best.length) best = run
    run = ''
  }
  const visit = (part: Tree): void => {
    if (part.kind === 'set' && part.set.single !== undefined) run += String.fromCharCode(part.set.single)
    else if (part.kind === 'sequence') for (const item of part.items) visit(item)
    else if (part.kind === 'group' || part.kind === 'atomic') visit(part.body)
    else if (part.kind === 'repeat' && part.min > 0) {
      end()
      visit(part.body)
      end()
    } else if (part.kind !== 'place' && part.kind !== 'look') end()
  }
  visit(tree)
  end()
  return best
}
