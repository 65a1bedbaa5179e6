import { EXAMPLES } from '../dashboards/examples.js'
import { Popover } from './popover.js'

interface StatementsProps {
  readonly name: string
  readonly items: readonly { title: string; query: string }[]
  readonly onTake: (query: string) => void
}

/** A list of statements behind a button. */
export function Statements({ name, items, onTake }: StatementsProps) {
  return (
    <Popover label={<>{name} ▾</>} name={name}>
      {(close) => (
        <ul class="statements">
          {items.length === 0 && <li class="dim">Nothing yet.</li>}
          {items.map(({ title, query }) => (
            <li key={query}>
              {title && <span>{title}</span>}
              <code>{query}</code>
              <button
                type="button"
                class="button"
                onClick={() => {
                  onTake(query)
                  close()
                }}
              >
                {name === 'Examples' ? 'Try it' : 'Run'}
              </button>
            </li>
          ))}
        </ul>
      )}
    </Popover>
  )
}

/** What the chart builder shows before the first query. */
export function Beginning({ onTake }: { onTake: (query: string) => void }) {
  return (
    <section class="beginning">
      <h2>Begin with one of these</h2>
      <ul class="statements">
        {EXAMPLES.map(({ title, query }) => (
          <li key={query}>
            <span>{title}</span>
            <code>{query}</code>
            <button type="button" class="button" onClick={() => onTake(query)}>
              Try it
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
