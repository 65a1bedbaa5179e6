/** Attributes that entities have anyway, by which MDL files may refer to them. */
export const builtInAttributes: ReadonlySet<string> = new Set(
  `entityName category version active roleName roleType roleState roleConfigGroup serviceName serviceDisplayName
  serviceType serviceState userName groupName ownerName queueName poolName path clusterId clusterName
  clusterDisplayName rackId hostId hostname interface device partition mountpoint`.split(/\s+/),
)
