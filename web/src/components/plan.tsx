import type { QueryPlan } from '../../../src/wire/timeseries.js'
import { formatCount } from '../format/units.js'

const milliseconds = (value: number) => `${value.toFixed(1)} ms`

/** What EXPLAIN tells: what is read for what, how the metrics database was asked, and where the time went. */
export function Plan({ plan }: { plan: QueryPlan }) {
  return (
    <div class="card plan">
      <p>
        Rollup {plan.rollup}, {formatCount(plan.streams)} streams, {formatCount(plan.points)} points
      </p>
      <ul>
        {plan.items.map(({ text, shape, entities, reads }, i) => (
          <li key={i}>
            <code>{text}</code>: {shape} of {formatCount(entities)} {entities === 1 ? 'entity' : 'entities'}
            {reads.map((read) => (
              <div key={read} class="dim">
                reads {read}
              </div>
            ))}
          </li>
        ))}
      </ul>
      {plan.statements.map(({ sql, rows, rowsRead, milliseconds: taken }, i) => (
        <div key={i}>
          <pre>{sql}</pre>
          <p class="dim">
            {milliseconds(taken)}, {formatCount(rowsRead)} rows read, {formatCount(rows)} returned
          </p>
        </div>
      ))}
      <table>
        <tbody>
          {plan.steps.map(({ name, milliseconds: taken }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{milliseconds(taken)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
