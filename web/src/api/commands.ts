/** What the manager was told to do: commands, their steps, and what a person does about them. */

import type { Command } from '../format/command.js'
import { ask, soon } from './ask.js'

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
