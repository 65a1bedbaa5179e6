export type AgentErrorCode =
  | 'BAD_OPTION'
  | 'BAD_SCRAPE_SETTINGS'
  | 'BAD_HOST_ID'
  | 'DATA_FOLDER_UNUSABLE'
  | 'DATA_FOLDER_IN_USE'
  | 'STATUS_PORT_UNUSABLE'

const texts: Record<AgentErrorCode, (data: Record<string, unknown>) => string> = {
  BAD_OPTION: ({ option, value, expected }) =>
    `The agent's option ${option} is ${value}; expected: ${expected}.`,
  BAD_SCRAPE_SETTINGS: ({ problem }) => `The settings of what is to be scraped: ${problem}.`,
  BAD_HOST_ID: ({ path }) =>
    `${path} holds no host id. Restore it from a backup, or delete it: the host then counts as a new one.`,
  DATA_FOLDER_UNUSABLE: ({ path }) =>
    `The agent cannot use its data folder ${path}. It must be a folder that its user can write.`,
  DATA_FOLDER_IN_USE: ({ path, pid }) =>
    `The data folder ${path} is in use by another agent (process ${pid}). Stop it, or give each agent a folder of its own.`,
  STATUS_PORT_UNUSABLE: ({ host, port }) =>
    `The agent cannot listen on ${host}:${port} for its status page. Free the port, or give the agent another one.`,
}

/** Why an agent did not start; `code` and `data` are for programs, `message` for people. */
export class AgentError extends Error {
  override name = 'AgentError'
  readonly code: AgentErrorCode
  readonly data: Record<string, unknown>
  constructor(code: AgentErrorCode, data: Record<string, unknown>, cause?: unknown) {
    const because = cause instanceof Error ? ` (${cause.message})` : ''
    super(texts[code](data) + because, { cause })
    this.code = code
    this.data = data
  }
}
