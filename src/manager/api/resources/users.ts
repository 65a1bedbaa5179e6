import {
  createUser,
  DEFAULT_ROLE,
  deleteUser,
  listUsers,
  type User,
  type UserRole,
  updateUser,
  userNamed,
  userRoles,
} from '../../users/index.js'
import { allows, findRole, roleUuid } from '../auth/roles.js'
import type { Model as ApiModel } from '../contract/types.js'
import type { Call, Handlers } from '../http/call.js'
import { badRequest, forbidden } from '../http/errors.js'
import { needed } from './body.js'
import { changeFor } from './change.js'
import type { Resources } from './ports.js'

type ApiUser = ApiModel<'ApiUser2'>

const roleRef = (role: UserRole): ApiModel<'ApiAuthRoleRef'> => ({
  displayName: userRoles[role].displayName,
  name: role,
  uuid: roleUuid(role),
})

/** Both forms of the role: `roles` up to v30, `authRoles` since. */
export const toUser = ({ name, role }: Pick<User, 'name' | 'role'>): ApiUser => ({
  name,
  roles: [role],
  authRoles: [roleRef(role)],
})

/** A body's role in either form; undefined: none is given. */
export function roleIn({ authRoles, roles }: ApiUser, where: string): UserRole | undefined {
  const words = authRoles?.map(({ name, uuid, displayName }) => name ?? uuid ?? displayName ?? '') ?? roles
  if (!words) return undefined
  if (words.length > 1) throw badRequest(`${where}authRoles: a user has one role.`)
  if (words.length === 0) return DEFAULT_ROLE
  const role = findRole(words[0]!)
  if (role) return role
  throw badRequest(
    `${where}authRoles[0]: there is no role "${words[0]!.slice(0, 60)}"; there are ${Object.keys(userRoles).join(', ')}.`,
  )
}

export function userResources(resources: Resources): Handlers {
  const { core } = resources
  const { sessions } = resources.authentication

  /** Who manages users without being an administrator must not make one, nor touch one. */
  function mayTouch(call: { user: Call<'GET /users'>['user'] }, ...roles: (UserRole | undefined)[]): void {
    if (allows(call.user.role, 'ADMIN')) return
    for (const role of roles)
      if (role && allows(role, 'ADMIN'))
        throw forbidden(
          `${call.user.name} is ${userRoles[call.user.role].displayName} and cannot manage administrators.`,
        )
  }

  return {
    async 'GET /users'() {
      return { items: (await listUsers(core.db)).map(toUser) }
    },

    async 'POST /users'(call) {
      const items = call.body.items ?? []
      const wanted = items.map((each, i) => ({
        name: needed(each.name, `items[${i}].name`),
        password: needed(each.password, `items[${i}].password`),
        role: roleIn(each, `items[${i}].`),
      }))
      call.audit.command = 'createUsers'
      call.audit.text ??= wanted.map(({ name }) => name).join(', ')
      mayTouch(call, ...wanted.map(({ role }) => role))
      const made = await changeFor(resources, call, async ({ trx }) => {
        const users: User[] = []
        for (const each of wanted) users.push(await createUser(trx, each))
        return users
      })
      return { items: made.map(toUser) }
    },

    async 'GET /users/sessions'() {
      return {
        items: (await sessions.list()).map(({ user, address, usedAt }) => ({
          name: user,
          remoteAddr: address,
          lastRequest: new Date(usedAt).toISOString(),
        })),
      }
    },

    async 'POST /users/expireSessions/{userName}'(call) {
      call.audit.command = 'expireSessions'
      await sessions.endAllOf(await userNamed(core.db, call.params.userName))
      return undefined
    },

    async 'GET /users/{userName}'({ params }) {
      return toUser(await userNamed(core.db, params.userName))
    },

    async 'PUT /users/{userName}'(call) {
      const { name, password } = call.body
      const role = roleIn(call.body, '')
      if (name !== undefined && name !== call.params.userName)
        throw badRequest('name: the name of a user cannot be changed.')
      call.audit.command = 'updateUser'
      call.audit.text ??= [role && `role ${role}`, password && 'password'].filter(Boolean).join(', ')
      const user = await changeFor(resources, call, async ({ trx }) => {
        const before = await userNamed(trx, call.params.userName)
        if (before.name !== call.user.name) mayTouch(call, before.role)
        if (role !== undefined && role !== before.role) {
          if (!allows(call.user.role, 'USERS'))
            throw forbidden('You may change your password, not your role.')
          mayTouch(call, role)
        }
        await updateUser(trx, before, { password, role })
        return userNamed(trx, before.name)
      })
      if (password !== undefined) await sessions.endAllOf(user)
      return toUser(user)
    },

    async 'DELETE /users/{userName}'(call) {
      call.audit.command = 'deleteUser'
      const user = await changeFor(resources, call, async ({ trx }) => {
        const found = await userNamed(trx, call.params.userName)
        mayTouch(call, found.role)
        await deleteUser(trx, found)
        return found
      })
      await sessions.endAllOf(user)
      return toUser(user)
    },

    'GET /authRoles/metadata': () => ({
      items: (Object.keys(userRoles) as UserRole[]).map((role) => ({
        displayName: userRoles[role].displayName,
        uuid: roleUuid(role),
        role,
        authorities: (['READ', 'OPERATE', 'CONFIGURE', 'ADMIN', 'USERS'] as const)
          .filter((right) => allows(role, right))
          .map((name) => ({ name, description: AUTHORITIES[name] })),
        allowedScopes: ['Global'],
      })),
    }),
  }
}

const AUTHORITIES = {
  READ: 'See everything but users and audits; secrets are hidden',
  OPERATE: 'Run commands, maintenance mode, commissioning',
  CONFIGURE: 'Change configuration, groups, templates and tags',
  ADMIN: 'Everything that is not about users; backup and restore',
  USERS: 'Manage users and their sessions',
}
