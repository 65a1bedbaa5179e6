import type { Staleness } from '../api/configuration.js'
import { differenceOf } from '../format/difference.js'

const WORDS: Record<Staleness['staleness'], string> = {
  FRESH: 'It runs with what is configured.',
  STALE_REFRESHABLE: 'Outdated: a refresh brings it up to date.',
  STALE: 'Outdated: a restart brings it up to date.',
}

/** Whether a role runs with what is configured, and what would differ after its next start. */
export function StalenessCard({ of: { staleness, problem, files = [], settings = [] } }: { of: Staleness }) {
  return (
    <section class="card" aria-label="Outdated configuration">
      <p class={staleness === 'FRESH' ? 'dim' : 'mark concerning'}>{WORDS[staleness]}</p>
      {problem && <p class="mark bad">{problem}</p>}
      {files.map(({ path, change, before = '', after = '' }) => (
        <details key={path}>
          <summary>
            {path} <span class="dim">{change.toLowerCase()}</span>
          </summary>
          <pre>{differenceOf(before, after)}</pre>
        </details>
      ))}
      {settings.map(({ name, before = '', after = '' }) => (
        <p key={name}>
          {name}: <del>{before}</del> <ins>{after}</ins>
        </p>
      ))}
    </section>
  )
}
