/** Whether a path is passed on to the monitor: time series (docs/api-timeseries.md) and events (docs/events.md). */
export const isPassedOn = (path: string): boolean => /^\/(timeseries|events)(\/|$)/.test(path)

/** Why endpoints of Cloudera Manager's API are not served; the first that fits. Told by 404s and by the documentation. */
const REASONS: readonly [RegExp, string][] = [
  [/parcel/i, 'out of scope until there are parcels'],
  [/\/metrics$/, 'out of scope: /timeseries has them'],
  [/ \/batch$/, 'out of scope: it promises all or nothing over any requests'],
  [/generateHostCerts/, 'out of scope: certificates come from outside'],
  [/resetHostId/, 'out of scope: the id is the agent’s'],
  [/migrateRoles/, 'out of scope: delete the role and make it on the other host'],
  [/components$/, 'out of scope: packages on hosts are not looked at'],
  [/inspectHosts/, 'out of scope: what it looks at is always shown, as the health of hosts'],
  [/download$/, 'out of scope: commands have no results to download'],
]

export const reasonNotServed = (endpoint: string): string =>
  REASONS.find(([fits]) => fits.test(endpoint))?.[1] ?? 'out of scope'
