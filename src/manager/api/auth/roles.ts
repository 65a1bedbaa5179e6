import { createHash } from 'node:crypto'
import { type AccessLevel, mayDo, mayManageUsers, type UserRole, userRoles } from '../../users/index.js'
import type { Right } from '../contract/types.js'

const LEVEL: Readonly<Record<Exclude<Right, 'USERS'>, AccessLevel>> = {
  READ: 'READ_ONLY',
  OPERATE: 'OPERATOR',
  CONFIGURE: 'CONFIGURATOR',
  ADMIN: 'ADMINISTRATOR',
}

export const allows = (role: UserRole, needs: Right): boolean =>
  needs === 'USERS' ? mayManageUsers(role) : mayDo(role, LEVEL[needs])

const LOWEST: Readonly<Record<Right, UserRole>> = {
  READ: 'ROLE_USER',
  OPERATE: 'ROLE_OPERATOR',
  CONFIGURE: 'ROLE_CONFIGURATOR',
  ADMIN: 'ROLE_ADMIN',
  USERS: 'ROLE_USER_ADMIN',
}

/** What somebody is told who may not do what needs `right`. */
export const refusal = (user: { name: string; role: UserRole }, needs: Right) =>
  `${user.name} is ${userRoles[user.role].displayName}; this needs ${userRoles[LOWEST[needs]].displayName} or more.`

/** The same for a role everywhere and for ever: clients refer to roles by it. */
export function roleUuid(role: UserRole): string {
  const hex = createHash('sha256').update(`bellwether user role ${role}`).digest('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}

/** By name, display name or uuid, as clients give it; undefined for none. */
export function findRole(word: string): UserRole | undefined {
  const names = Object.keys(userRoles) as UserRole[]
  return names.find(
    (name) =>
      name === word.toUpperCase() ||
      roleUuid(name) === word.toLowerCase() ||
      userRoles[name].displayName.toLowerCase() === word.toLowerCase(),
  )
}
