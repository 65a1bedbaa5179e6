import type { ComponentChildren } from 'preact'
import type { CardinalityAnswer } from '../../../src/wire/cardinality.js'
import { fetchCardinality } from '../api/cardinality.js'
import { Storage } from '../components/storage.js'
import { formatInstant } from '../format/time.js'
import { formatCount } from '../format/units.js'
import { usePolled } from '../state/use-polled.js'
import { DEFAULT_VIEW, viewToSearch } from '../state/view.js'
import { PolledPage } from './polled-page.js'

const STEP_MS = 30_000
/** From this part of a limit on it is marked. */
const NEAR = 0.8

interface CardinalityPageProps {
  readonly utc: boolean
  readonly hidden: boolean
}

/** Where the series come from, how near their limits are, and what was refused. */
export function CardinalityPage({ utc, hidden }: CardinalityPageProps) {
  const poll = usePolled(fetchCardinality, [], STEP_MS, hidden)
  return (
    <PolledPage
      poll={poll}
      utc={utc}
      title="Cardinality"
      aside={
        <span class="dim">
          Where series come from. An attribute whose values grow with time is what to look for.
        </span>
      }
      waiting="Counting…"
    >
      {(answer) => (
        <>
          <Figures answer={answer} utc={utc} />
          <Storage utc={utc} hidden={hidden} />
        </>
      )}
    </PolledPage>
  )
}

function Figures({ answer, utc }: { answer: CardinalityAnswer; utc: boolean }) {
  const { limits, refused } = answer
  const largestSender = answer.topSenders[0]
  return (
    <>
      <div class="limits">
        <Limit name="Series" used={answer.series} most={limits.series} setting="--max-series" />
        <Limit name="Entities" used={answer.entities} most={limits.entities} setting="--max-entities" />
        <Limit name="Metrics" used={answer.metrics} most={limits.metrics} setting="--max-metrics" />
        <Limit
          name="Series of the largest sender"
          used={largestSender?.series ?? 0}
          most={limits.seriesPerSender}
          setting="--max-series-per-sender"
        />
      </div>
      <div class="tops">
        <Top title="Metrics" columns={['Metric', 'Series']} empty="No metrics yet.">
          {answer.topMetrics.map(({ name, series }) => (
            <tr key={name}>
              <td>
                <a href={viewToSearch({ ...DEFAULT_VIEW, page: 'charts', query: `SELECT ${name}` })}>
                  {name}
                </a>
              </td>
              <Count value={series} />
            </tr>
          ))}
        </Top>
        <Top title="Attributes" columns={['Attribute', 'Values', 'Series']} empty="No attributes yet.">
          {answer.topAttributes.map(({ attribute, values, series }) => (
            <tr key={attribute}>
              <td>{attribute}</td>
              <Count value={values} />
              <Count value={series} />
            </tr>
          ))}
        </Top>
        <Top title="Senders" columns={['Sender', 'Series']} empty="No senders yet.">
          {answer.topSenders.map(({ sender, series }) => (
            <tr key={sender} class={series >= NEAR * limits.seriesPerSender ? 'near' : ''}>
              <td>{sender || '(unnamed)'}</td>
              <Count value={series} />
            </tr>
          ))}
        </Top>
        <Top title="Categories" columns={['Category', 'Entities', 'Series']} empty="No entities yet.">
          {answer.topCategories.map(({ category, entities, series }) => (
            <tr key={category}>
              <td>{category}</td>
              <Count value={entities} />
              <Count value={series} />
            </tr>
          ))}
        </Top>
        <Top
          title="Refused, by reason"
          columns={['Reason', 'Samples']}
          empty="Nothing was refused since the start."
        >
          {refused.reasons.map(({ reason, samples }) => (
            <tr key={reason}>
              <td>{reason}</td>
              <Count value={samples} />
            </tr>
          ))}
        </Top>
        <Top
          title="Refused, by sender"
          columns={['Sender', 'Protocol', 'Refused', 'Stored', 'Last']}
          empty="Nothing was refused since the start."
        >
          {refused.senders.map(({ sender, protocol, refused, stored, lastSeen }) => (
            <tr key={`${protocol} ${sender}`}>
              <td>{sender}</td>
              <td>{protocol}</td>
              <Count value={refused} />
              <Count value={stored} />
              <td class="number">{formatInstant(lastSeen, utc)}</td>
            </tr>
          ))}
        </Top>
      </div>
    </>
  )
}

const Count = ({ value }: { value: number }) => <td class="number">{formatCount(value)}</td>

interface LimitProps {
  readonly name: string
  readonly used: number
  readonly most: number
  readonly setting: string
}

function Limit({ name, used, most, setting }: LimitProps) {
  const near = used >= NEAR * most
  return (
    <div class={`card limit${near ? ' near' : ''}`}>
      <span class="dim">{name}</span>
      <strong>{formatCount(used)}</strong>
      <meter
        min={0}
        max={most}
        high={NEAR * most}
        value={Math.min(used, most)}
        aria-label={`${name}: part of the limit`}
      />
      <span class="dim">
        of {formatCount(most)} (<code>{setting}</code>)
      </span>
    </div>
  )
}

interface TopProps {
  readonly title: string
  readonly columns: readonly string[]
  readonly empty: string
  readonly children: ComponentChildren[]
}

const TEXT_COLUMNS = ['Metric', 'Attribute', 'Sender', 'Category', 'Reason', 'Protocol']

function Top({ title, columns, empty, children }: TopProps) {
  return (
    <section class="card table-box">
      <h2>{title}</h2>
      {children.length === 0 ? (
        <p class="dim">{empty}</p>
      ) : (
        <table class="data" aria-label={title}>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col" class={TEXT_COLUMNS.includes(column) ? '' : 'number'}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      )}
    </section>
  )
}
