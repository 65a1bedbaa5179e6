/** What a user may do. Each may do all that the ones before it may. */
export const accessLevels = ['READ_ONLY', 'OPERATOR', 'CONFIGURATOR', 'ADMINISTRATOR'] as const
export type AccessLevel = (typeof accessLevels)[number]

/**
 * Cloudera Manager's roles, each with what it means here. Roles for features that are not here may look, and no more; the
 * user administrator may manage users and look.
 */
export const userRoles = {
  ROLE_ADMIN: { displayName: 'Full Administrator', level: 'ADMINISTRATOR', users: true },
  ROLE_CLUSTER_ADMIN: { displayName: 'Cluster Administrator', level: 'CONFIGURATOR', users: false },
  ROLE_CONFIGURATOR: { displayName: 'Configurator', level: 'CONFIGURATOR', users: false },
  ROLE_OPERATOR: { displayName: 'Operator', level: 'OPERATOR', users: false },
  ROLE_LIMITED: { displayName: 'Limited Operator', level: 'OPERATOR', users: false },
  ROLE_USER: { displayName: 'Read-Only', level: 'READ_ONLY', users: false },
  ROLE_USER_ADMIN: { displayName: 'User Administrator', level: 'READ_ONLY', users: true },
  ROLE_BDR_ADMIN: { displayName: 'Replication Administrator', level: 'READ_ONLY', users: false },
  ROLE_NAVIGATOR_ADMIN: { displayName: 'Navigator Administrator', level: 'READ_ONLY', users: false },
  ROLE_KEY_ADMIN: { displayName: 'Key Administrator', level: 'READ_ONLY', users: false },
} as const satisfies Record<string, { displayName: string; level: AccessLevel; users: boolean }>
export type UserRole = keyof typeof userRoles

/** No role means read-only, as in Cloudera Manager. */
export const DEFAULT_ROLE: UserRole = 'ROLE_USER'

export function isUserRole(text: string): text is UserRole {
  return Object.hasOwn(userRoles, text)
}

/** May a user of this role do what needs that level? */
export function mayDo(role: UserRole, needed: AccessLevel): boolean {
  return accessLevels.indexOf(userRoles[role].level) >= accessLevels.indexOf(needed)
}

export function mayManageUsers(role: UserRole): boolean {
  return userRoles[role].users
}
