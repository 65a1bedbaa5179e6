import { useEffect, useRef } from 'preact/hooks'

const KEYS: readonly [keys: string, what: string][] = [
  ['?', 'This sheet'],
  ['g h', 'Hosts'],
  ['g c', 'Chart builder'],
  ['g e', 'Health'],
  ['g v', 'Events'],
  ['g a', 'Alerts'],
  ['g o', 'Commands'],
  ['g s', 'Cardinality: where series come from'],
  ['/', 'To the query box'],
  ['Enter', 'Run the query; Shift+Enter begins a new line'],
  ['Ctrl+Space', 'What can be typed here; Tab takes it'],
  ['Ctrl+↑ Ctrl+↓', 'Older and newer statements'],
  ['r', 'Refresh now'],
  ['p', 'Pause, or go live again'],
  ['[ and ]', 'Earlier and later, by half the range'],
  ['-', 'Zoom out'],
  ['0', 'Back to the range before the zoom'],
  ['u', 'UTC or local time'],
  ['d', 'Dark or light'],
  ['← →', 'In a chart: move the cursor'],
]

const MOUSE: readonly [keys: string, what: string][] = [
  ['Drag', 'Zoom in, on all charts of the page; Back undoes it'],
  ['Double click', 'Back to the range before the zoom'],
  ['Legend: click', 'Show this line alone, or all again'],
  ['Legend: Ctrl+click', 'Hide this line, or show it again'],
]

/** The sheet of keys. The dialog element keeps the focus inside and closes on Escape. */
export function Help({ open, onClose }: { open: boolean; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (open) dialog.current?.showModal()
    else dialog.current?.close()
  }, [open])
  const list = (rows: typeof KEYS) => (
    <dl>
      {rows.map(([keys, what]) => (
        <div key={keys}>
          <dt>
            <kbd>{keys}</kbd>
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  )
  return (
    <dialog ref={dialog} class="help" aria-label="Keys" onClose={onClose}>
      <header>
        <h2>Keys</h2>
        <button type="button" class="button quiet" onClick={onClose} aria-label="Close">
          ✕
        </button>
      </header>
      <div class="columns">
        {list(KEYS)}
        {list(MOUSE)}
      </div>
    </dialog>
  )
}
