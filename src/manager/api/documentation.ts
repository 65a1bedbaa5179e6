import { endpoints } from './contract/endpoints.js'
import { isPassedOn, OUT_OF_SCOPE, reasonNotServed } from './contract/not-served.js'
import type { EndpointName, Right } from './contract/types.js'
import { allHandlers, type Resources } from './resources/index.js'

const WHO: Readonly<Record<Right, string>> = {
  READ: 'read-only',
  OPERATE: 'operator',
  CONFIGURE: 'configurator',
  ADMIN: 'administrator',
  USERS: 'user administrator',
}

/** The table of docs/api.md: every endpoint of the contract, served or not. */
export function renderApiTable(): string {
  const handlers = namesOnly()
  const rows = Object.entries(endpoints).map(([name, { since, needs }]) => {
    const served = name in handlers || isPassedOn(name.split(' ')[1] ?? '')
    const [method = '', path = ''] = name.split(' ')
    return { method, path, since, who: WHO[needs], served, name: name as EndpointName }
  })
  const order = ['GET', 'POST', 'PUT', 'DELETE']
  rows.sort((a, b) =>
    a.path === b.path ? order.indexOf(a.method) - order.indexOf(b.method) : a.path < b.path ? -1 : 1,
  )
  const lines = rows.map(({ method, path, since, who, served, name }) => {
    const state = served ? `since v${Math.max(since, 6)}` : reasonNotServed(name)
    return `| ${method} | \`${path}\` | ${state} | ${served ? who : ''} |`
  })
  const others = OUT_OF_SCOPE.map(
    ({ paths, reason }) => `| ${paths.map((path) => `\`${path}\``).join(', ')} | ${reason} |`,
  )
  return [
    '| | path | served | who may |',
    '| --- | --- | --- | --- |',
    ...lines,
    '',
    'What else Cloudera Manager serves and this manager does not; `…` is everything below:',
    '',
    '| not served | because |',
    '| --- | --- |',
    ...others,
    '',
  ].join('\n')
}

/** What is served, without anything to serve it from: the tables of handlers are made before any request comes. */
const namesOnly = () => allHandlers({ core: {}, authentication: { sessions: {} } } as unknown as Resources)

const TABLE = /(<!-- endpoints: [^>]* -->\n)[\s\S]*?(<!-- end of endpoints -->)/

/** The documentation with its table as it is now. */
export function replaceApiTable(document: string): string {
  return document.replace(TABLE, (_, start: string, end: string) => `${start}\n${renderApiTable()}\n${end}`)
}
