import { fetchCommands } from '../api/commands.js'
import { ApiError } from '../api/errors.js'
import { loginAddress } from '../api/session.js'
import { CommandTable } from '../components/command-table.js'
import { usePolled } from '../state/use-polled.js'
import { PolledPage } from './polled-page.js'

const STEP_MS = 2_000

/** What the manager does and has done: progress, results, output, and the ways to stop and to repeat it. */
export function CommandsPage({ utc, hidden }: { utc: boolean; hidden: boolean }) {
  const poll = usePolled(fetchCommands, [], STEP_MS, hidden)
  const nobody = poll.error instanceof ApiError && poll.error.status === 401
  const active = poll.value?.filter(({ command }) => command.active).length ?? 0
  return (
    <PolledPage
      poll={nobody ? { ...poll, error: null } : poll}
      utc={utc}
      title="Commands"
      aside={poll.value && <span class="dim">{active === 0 ? 'none is at work' : `${active} at work`}</span>}
      controls={
        nobody && (
          <p>
            Commands are shown to those who have logged in. <a href={loginAddress()}>Log in</a>
          </p>
        )
      }
      waiting={nobody ? '' : 'Asking…'}
    >
      {(commands) => (
        <section class="card">
          {commands.length > 0 ? (
            <CommandTable commands={commands} utc={utc} onChanged={poll.run} />
          ) : (
            <p class="dim">
              There were none yet. They are given by the API, such as{' '}
              <code>POST /api/v45/clusters/NAME/commands/start</code>.
            </p>
          )}
        </section>
      )}
    </PolledPage>
  )
}
