import { type Right, rights } from '../contract/types.js'

export interface UserRole {
  /** The word of Cloudera Manager's API. */
  name: 'ROLE_USER' | 'ROLE_OPERATOR' | 'ROLE_CONFIGURATOR' | 'ROLE_ADMIN'
  displayName: string
  right: Right
  /** Stable: clients refer to roles by it. */
  uuid: string
  authorities: readonly { name: string; description: string }[]
}

const view = { name: 'AUTH_VIEW', description: 'See everything but users and audits; secrets are hidden' }
const operate = { name: 'AUTH_OPERATE', description: 'Run commands, maintenance mode, commissioning' }
const configure = { name: 'AUTH_CONFIGURE', description: 'Change configuration, groups and templates' }
const administer = { name: 'AUTH_ADMIN', description: 'Everything, users and the whole deployment included' }

/** The four roles; each may do what those before it may. A user has one. */
export const userRoles: readonly UserRole[] = [
  {
    name: 'ROLE_USER',
    displayName: 'Read-Only',
    right: 'READ',
    uuid: '7c1f3a52-0b1e-4f7e-9a0c-2f5f6d1b0a01',
    authorities: [view],
  },
  {
    name: 'ROLE_OPERATOR',
    displayName: 'Operator',
    right: 'OPERATE',
    uuid: '7c1f3a52-0b1e-4f7e-9a0c-2f5f6d1b0a02',
    authorities: [view, operate],
  },
  {
    name: 'ROLE_CONFIGURATOR',
    displayName: 'Configurator',
    right: 'CONFIGURE',
    uuid: '7c1f3a52-0b1e-4f7e-9a0c-2f5f6d1b0a03',
    authorities: [view, operate, configure],
  },
  {
    name: 'ROLE_ADMIN',
    displayName: 'Full Administrator',
    right: 'ADMIN',
    uuid: '7c1f3a52-0b1e-4f7e-9a0c-2f5f6d1b0a04',
    authorities: [view, operate, configure, administer],
  },
]

export type RoleName = UserRole['name']

export const roleOf = (name: RoleName) => userRoles.find((role) => role.name === name)!

/** By name, display name or uuid, as clients give it; undefined for none of ours. */
export const findRole = (word: string) =>
  userRoles.find(
    (role) =>
      role.name === word.toUpperCase() ||
      role.uuid === word.toLowerCase() ||
      role.displayName.toLowerCase() === word.toLowerCase(),
  )

export const allows = (has: Right, needs: Right) => rights.indexOf(has) >= rights.indexOf(needs)

/** Who may do what needs `right`, for messages. */
export const lowestRoleWith = (right: Right) => userRoles.find((role) => role.right === right)!
