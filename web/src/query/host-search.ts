/** Finding hosts by a part of their name, where there are too many to list. */

import type { AnswerItem } from '../api/timeseries.js'
import { HOSTS_QUERY } from '../dashboards/host.js'

export interface Host {
  readonly id: string
  readonly name: string
}

/** Asks for the hosts whose name has the text in it. What is not part of names stands for any character. */
export function hostSearchQuery(text: string): string {
  const wanted = text.trim()
  if (wanted === '') return HOSTS_QUERY
  const pattern = wanted.replace(/[^\p{L}\p{N}_:-]/gu, (letter) => (letter === '.' ? '[.]' : '.'))
  return `${HOSTS_QUERY} and hostname rlike ".*${pattern}.*"`
}

/** The hosts of an answer to `HOSTS_QUERY`, by name. */
export function hostsOf(item: AnswerItem | undefined): Host[] {
  return (item?.streams ?? [])
    .map(({ data }) => {
      const { attributes, entityName } = data.metadata
      const id = attributes.hostId ?? attributes.entityName ?? entityName
      return { id, name: attributes.hostname ?? entityName }
    })
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
}

/** Whether the answer has all hosts: beyond the limit of streams there are more. */
export const isCut = (item: AnswerItem | undefined): boolean =>
  item !== undefined && item.streams.length > 0 && item.warnings.length > 0
