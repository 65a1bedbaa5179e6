/** What the manager was told to do: commands, their steps, and what a person does about them. */

import { ask, soon } from './ask.js'

/** As in Cloudera Manager's API; what is not known or not set is left out. */
export interface Command {
  readonly id: number
  readonly name: string
  readonly startTime: string
  readonly endTime?: string
  readonly active: boolean
  readonly success?: boolean
  readonly resultMessage?: string
  readonly clusterRef?: { readonly clusterName: string; readonly displayName?: string }
  readonly serviceRef?: { readonly serviceName: string }
  readonly roleRef?: { readonly roleName: string }
  readonly hostRef?: { readonly hostId: string; readonly hostname?: string }
  readonly children?: { readonly items: readonly Command[] }
  readonly canRetry?: boolean
}

export interface GivenCommand {
  readonly username: string
  readonly command: Command
}

const MOST = 50

/** The newest commands; those that are at work with their steps. */
export async function fetchCommands(signal: AbortSignal): Promise<readonly GivenCommand[]> {
  const { items } = await ask<{ items: GivenCommand[] }>(`/cm/recentCommands?maxResults=${MOST}`, signal)
  return Promise.all(
    items.map(async (given) =>
      given.command.active ? { ...given, command: await fetchCommand(given.command.id, signal) } : given,
    ),
  )
}

export const fetchCommand = (id: number, signal = soon()): Promise<Command> => ask(`/commands/${id}`, signal)

export const abortCommand = (id: number): Promise<Command> => ask(`/commands/${id}/abort`, soon(), 'POST')
export const retryCommand = (id: number): Promise<Command> => ask(`/commands/${id}/retry`, soon(), 'POST')

export const logAddress = (id: number, stream: 'stdout' | 'stderr'): string =>
  `api/v45/commands/${id}/logs/${stream}`

/** Its steps that have no parts of their own: how many there are, and how many of them have ended. */
export function progressOf({ children, active }: Command): { done: number; all: number } {
  if (!children || children.items.length === 0) return { done: active ? 0 : 1, all: 1 }
  let done = 0
  let all = 0
  for (const child of children.items) {
    const part = progressOf(child)
    done += part.done
    all += part.all
  }
  return { done, all }
}

/** `Cluster 1 · zk · zk-SERVER-1 · node1`. */
export const placeOf = ({ clusterRef, serviceRef, roleRef, hostRef }: Command): string =>
  [
    clusterRef?.displayName ?? clusterRef?.clusterName,
    serviceRef?.serviceName,
    roleRef?.roleName,
    hostRef?.hostname ?? hostRef?.hostId,
  ]
    .filter(Boolean)
    .join(' · ')
