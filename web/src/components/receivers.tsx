import { useState } from 'preact/hooks'
import { type ReceiverStatus, testReceiver } from '../api/alerts.js'
import { formatInstant } from '../format/time.js'

/** To whom alerts go, how that goes, and a button to try it. */
export function Receivers({ receivers, utc }: { receivers: readonly ReceiverStatus[]; utc: boolean }) {
  if (receivers.length === 0)
    return (
      <p>
        Alerts go to nobody: there are no receivers yet. Give a mail server or an SNMP manager by the options
        of the alert publisher, or write its settings (<code>alerts.json</code>).
      </p>
    )
  return (
    <table class="data" aria-label="Receivers">
      <thead>
        <tr>
          <th>Receiver</th>
          <th>Waiting</th>
          <th>Delivered</th>
          <th>Lost</th>
          <th>How it goes</th>
          <th />
        </tr>
      </thead>
      <tbody>
        {receivers.map((each) => (
          <Receiver key={each.name} receiver={each} utc={utc} />
        ))}
      </tbody>
    </table>
  )
}

function Receiver({ receiver, utc }: { receiver: ReceiverStatus; utc: boolean }) {
  const { name, type, target, waiting, delivered, lost, failures, lastError, lastDeliveredAt } = receiver
  const [test, setTest] = useState('')
  const run = () => {
    setTest('Sending…')
    testReceiver(name).then(setTest, (error: Error) => setTest(`The test failed: ${error.message}`))
  }
  return (
    <tr>
      <td>
        <strong>{name}</strong>{' '}
        <span class="dim">
          {type} {target}
        </span>
      </td>
      <td>{waiting}</td>
      <td>{delivered}</td>
      <td class={lost > 0 ? 'mark bad' : ''}>{lost}</td>
      <td>
        {failures > 0 ? (
          <span class="mark bad">fails</span>
        ) : (
          <span class="mark good">{lastDeliveredAt ? 'well' : 'nothing sent yet'}</span>
        )}{' '}
        {lastDeliveredAt && <span class="dim">last delivered {formatInstant(lastDeliveredAt, utc)} </span>}
        {lastError && (
          <span class="dim">
            last error {formatInstant(lastError.at, utc)}: {lastError.reason}
          </span>
        )}
        {test && <p role="status">{test}</p>}
      </td>
      <td>
        <button type="button" class="button" onClick={run}>
          Send a test
        </button>
      </td>
    </tr>
  )
}
