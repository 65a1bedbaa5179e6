/** What the trimmed description does not have: commands by their names, as Cloudera Manager has them, and things of ours. */

export const ownModels = {
  BwStaleness: {
    staleness: 'ApiConfigStalenessStatus',
    problem: 'string',
    files: '[BwFileDifference]',
    settings: '[BwSettingDifference]',
  },
  BwFileDifference: {
    path: 'string',
    change: 'string',
    refreshable: 'boolean',
    before: 'string',
    after: 'string',
  },
  BwSettingDifference: { name: 'string', before: 'string', after: 'string' },
  BwEffectiveConfig: { items: '[BwEffectiveValue]' },
  /** What holds at a place. `covers` is what it is set over, the nearest first. */
  BwEffectiveValue: {
    name: 'string',
    displayName: 'string',
    relatedName: 'string',
    value: 'string',
    source: 'BwConfigSource',
    covers: '[BwCoveredValue]',
    sensitive: 'boolean',
  },
  /** `level` is DEFAULT, MANAGER, SERVICE, ROLE_CONFIG_GROUP, ROLE, ALL_HOSTS, HOST,
   * ALL_CLUSTERS or CLUSTER; `name` that of the service, group, …. */
  BwConfigSource: { level: 'string', name: 'string' },
  BwCoveredValue: { source: 'BwConfigSource', value: 'string' },
  BwClusterSettings: { clusterName: 'string', config: 'ApiConfigList' },
  BwJoinTokenArgs: { expiresInMinutes: 'integer', uses: 'integer' },
  BwJoinToken: { token: 'string', expires: 'string' },
  BwSilence: {
    id: 'string',
    match: '{[string]}',
    from: 'string',
    until: 'string',
    comment: 'string',
    createdBy: 'string',
  },
  BwAlertTest: { ok: 'boolean', delivered: '[string]', failures: '[string]' },
  /** The newest commands, ended or not, with who gave them. */
  BwCommandList: { items: '[BwCommand]' },
  BwCommand: { username: 'string', command: 'ApiCommand' },
  BwServiceTypeList: { items: '[BwServiceType]' },
  BwServiceType: {
    type: 'string',
    label: 'string',
    version: 'string',
    name: 'string',
    path: 'string',
    builtIn: 'boolean',
    usable: 'boolean',
    problems: '[string]',
  },
} as const

const EFFECTIVE_CONFIG = { since: 6, needs: 'READ', answer: 'BwEffectiveConfig' } as const

export const ownEndpoints = {
  'POST /clusters/{clusterName}/services/{serviceName}/commands/{commandName}': {
    since: 6,
    needs: 'OPERATE',
    answer: 'ApiCommand',
  },
  'POST /clusters/{clusterName}/services/{serviceName}/roleCommands/{commandName}': {
    since: 6,
    needs: 'OPERATE',
    body: 'ApiRoleNameList',
    answer: 'ApiBulkCommandList',
  },
  'GET /clusters/{clusterName}/services/{serviceName}/roles/{roleName}/staleness': {
    since: 6,
    needs: 'READ',
    answer: 'BwStaleness',
  },
  'GET /cm/recentCommands': {
    since: 6,
    needs: 'READ',
    query: { maxResults: 'integer=50' },
    answer: 'BwCommandList',
  },
  'POST /cm/commands/hostsStartRoles': {
    since: 2,
    needs: 'OPERATE',
    body: 'ApiHostNameList',
    answer: 'ApiCommand',
  },
  'POST /cm/commands/hostsRecommissionWithStart': {
    since: 15,
    needs: 'OPERATE',
    body: 'ApiHostNameList',
    answer: 'ApiCommand',
  },
  'GET /clusters/{clusterName}/config': {
    since: 6,
    needs: 'READ',
    query: { view: 'view=summary' },
    answer: 'ApiConfigList',
  },
  'PUT /clusters/{clusterName}/config': {
    since: 6,
    needs: 'CONFIGURE',
    query: { message: 'string' },
    body: 'ApiConfigList',
    answer: 'ApiConfigList',
  },
  'GET /clusters/{clusterName}/effectiveConfig': EFFECTIVE_CONFIG,
  'POST /alerts/receivers/{receiverName}/test': { since: 6, needs: 'OPERATE', answer: 'BwAlertTest' },
  'POST /alerts/silences': { since: 6, needs: 'OPERATE', body: 'BwSilence', answer: 'BwSilence' },
  'DELETE /alerts/silences/{silenceId}': { since: 6, needs: 'OPERATE', answer: 'BwSilence' },
  'GET /clusters/{clusterName}/services/{serviceName}/effectiveConfig': EFFECTIVE_CONFIG,
  'GET /clusters/{clusterName}/services/{serviceName}/roles/{roleName}/effectiveConfig': EFFECTIVE_CONFIG,
  'GET /clusters/{clusterName}/services/{serviceName}/roleConfigGroups/{roleConfigGroupName}/effectiveConfig':
    EFFECTIVE_CONFIG,
  'GET /cm/allHosts/effectiveConfig': EFFECTIVE_CONFIG,
  'GET /cm/effectiveConfig': EFFECTIVE_CONFIG,
  'GET /cm/service/effectiveConfig': EFFECTIVE_CONFIG,
  'GET /cm/service/roles/{roleName}/effectiveConfig': EFFECTIVE_CONFIG,
  'GET /cm/service/roleConfigGroups/{roleConfigGroupName}/effectiveConfig': EFFECTIVE_CONFIG,
  'GET /hosts/{hostId}/effectiveConfig': EFFECTIVE_CONFIG,
  'POST /cm/joinTokens': { since: 6, needs: 'ADMIN', body: 'BwJoinTokenArgs?', answer: 'BwJoinToken' },
  'GET /cm/serviceTypes': { since: 6, needs: 'READ', answer: 'BwServiceTypeList' },
  'POST /cm/serviceTypes/reload': { since: 6, needs: 'ADMIN', answer: 'BwServiceTypeList' },
} as const
