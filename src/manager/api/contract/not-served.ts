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

export interface OutOfScope {
  /** As the documentation names them. */
  readonly paths: readonly string[]
  readonly reason: string
}

/**
 * What Cloudera Manager serves beside the contract, and this manager does not. `{…}` stands for one part of a path, `…` at
 * the end for all below it.
 */
export const OUT_OF_SCOPE: readonly OutOfScope[] = [
  {
    paths: ['/cm/license', '/cm/licensedFeatureUsage', '/cm/trial/…'],
    reason: 'nothing here needs a licence',
  },
  {
    paths: ['/clusters/{c}/services/{s}/metrics', '/clusters/{c}/services/{s}/roles/{r}/metrics'],
    reason: '/timeseries has them',
  },
  {
    paths: [
      '/cm/peers/…',
      '/cm/hdfsUsageReport/…',
      '/clusters/{c}/services/{s}/replications/…',
      '/clusters/{c}/services/{s}/snapshots/…',
    ],
    reason: 'data of services is not copied by this manager',
  },
  {
    paths: ['/externalAccounts/…', '/externalUserMappings/…', '/authService/…', '/authRoles/…'],
    reason: 'users are those of this manager, with one of its five roles (/users)',
  },
  {
    paths: [
      '/clusters/{c}/autoAssignRoles',
      '/clusters/{c}/autoConfigure',
      '/clusters/{c}/services/{s}/autoAssignRoles',
      '/clusters/{c}/services/{s}/autoConfigure',
      '/cm/service/autoAssignRoles',
      '/cm/service/autoConfigure',
    ],
    reason: 'roles are placed, and values set, by who asks for them; host templates help',
  },
  {
    paths: ['/cm/importClusterTemplate', '/cm/importClusterTemplate/…'],
    reason: 'a deployment is restored by PUT /cm/deployment',
  },
  {
    paths: [
      '/cm/commands/hostInstall',
      '/cm/commands/hostsPerfInspector',
      '/cm/commands/clustersPerfInspector',
    ],
    reason: 'agents are installed by your own means and join with a token (POST /cm/joinTokens)',
  },
  {
    paths: ['/cm/commands/hostsOfflineOrDecommission'],
    reason: 'POST /cm/commands/hostsDecommission takes hosts out of duty',
  },
  {
    paths: [
      '/cm/commands/generateCredentials',
      '/cm/commands/importAdminCredentials',
      '/cm/commands/importKerberosPrincipal',
      '/cm/commands/deleteCredentials',
      '/cm/kerberosInfo',
      '/cm/kerberosPrincipals',
      '/clusters/{c}/kerberosInfo',
      '/clusters/{c}/commands/configureForKerberos',
      '/cm/commands/generateCmca',
      '/certs/…',
      '/clusters/{c}/commands/enableAutoTLSServicesCommand',
    ],
    reason: 'Kerberos is not set up here, and certificates come from outside',
  },
  {
    paths: [
      '/cm/commands/collectDiagnosticData',
      '/cm/commands/getDiagnosticData',
      '/clusters/{c}/services/{s}/roles/{r}/diagnostics/…',
      '/clusters/{c}/services/{s}/roles/{r}/logs/stacks',
      '/clusters/{c}/services/{s}/roles/{r}/logs/stacksBundle',
      '/clusters/{c}/services/{s}/roleCommands/jmapDump',
      '/clusters/{c}/services/{s}/roleCommands/jmapHisto',
      '/clusters/{c}/services/{s}/roleCommands/jstack',
      '/clusters/{c}/services/{s}/roleCommands/lsof',
    ],
    reason: 'dumps of processes are not collected; role logs, events and time series are',
  },
  {
    paths: [
      '/clusters/{c}/commands/upgradeCdh',
      '/clusters/{c}/commands/upgradeServices',
      '/clusters/{c}/commands/rollingUpgrade',
      '/clusters/{c}/services/{s}/commands/rollingUpgrade',
    ],
    reason: 'out of scope until there are parcels',
  },
  {
    paths: [
      '/clusters/{c}/services/{s}/activities/…',
      '/clusters/{c}/services/{s}/yarnApplications/…',
      '/clusters/{c}/services/{s}/impalaQueries/…',
    ],
    reason: 'jobs are not looked into; what they are to be found by may be sent as events',
  },
  {
    paths: [
      '/clusters/{c}/services/{s}/watcheddir/…',
      '/controlPlanes/…',
      '/cm/dataContexts/…',
      '/dataContexts/…',
    ],
    reason: 'out of scope',
  },
]

const patternOf = (path: string) =>
  new RegExp(`^${path.replace(/\/…$/, '(/.*)?').replace(/{\w+}/g, '[^/]+')}$`)
const PATTERNS = OUT_OF_SCOPE.flatMap(({ paths, reason }) =>
  paths.map((path) => ({ pattern: patternOf(path), reason })),
)

/** Why a path below `/api/vN`, which is not served, is out of scope; undefined: Cloudera Manager has none such that we know of. */
export const reasonOutOfScope = (path: string): string | undefined =>
  PATTERNS.find(({ pattern }) => pattern.test(path))?.reason
