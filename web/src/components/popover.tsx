import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

interface PopoverProps {
  readonly label: ComponentChildren
  /** For those who hear it. */
  readonly name: string
  readonly class?: string
  readonly align?: 'left' | 'right'
  /** Gets a function that closes it. */
  readonly children: (close: () => void) => ComponentChildren
}

/** A button with a panel under it; Escape and a press elsewhere close it. */
export function Popover({ label, name, class: kind = '', align = 'left', children }: PopoverProps) {
  const [open, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)

  const close = () => {
    setOpen(false)
    button.current?.focus()
  }

  useEffect(() => {
    if (!open) return
    const outside = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false)
    }
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape') close()
    }
    addEventListener('pointerdown', outside)
    addEventListener('keydown', onKey)
    return () => {
      removeEventListener('pointerdown', outside)
      removeEventListener('keydown', onKey)
    }
  }, [open])

  return (
    <div class={`popover ${kind}`} ref={root}>
      <button
        type="button"
        class="button"
        ref={button}
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-label={name}
        title={name}
        onClick={() => setOpen(!open)}
      >
        {label}
      </button>
      {open && (
        <div class={`panel ${align}`} role="dialog" aria-label={name}>
          {children(close)}
        </div>
      )}
    </div>
  )
}
