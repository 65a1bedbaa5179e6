import { randomBytes } from 'node:crypto'
import type { Db, Trx } from '../database/index.js'
import { exists, inUse, invalid, notFound } from '../model/errors.js'
import { hashPassword, verifyPassword } from './password.js'
import { DEFAULT_ROLE, isUserRole, type UserRole } from './roles.js'

export interface User {
  readonly id: number
  readonly name: string
  readonly role: UserRole
  readonly createdAt: number
  readonly lastLogin: number | null
}

const columns = ['id', 'name', 'role', 'createdAt', 'lastLogin'] as const
const MAX_PASSWORD = 1024

export async function listUsers(db: Db | Trx): Promise<User[]> {
  return (await db.selectFrom('userAccount').select(columns).orderBy('name').execute()).map(asUser)
}

/** Throws `NOT_FOUND`. */
export async function userNamed(db: Db | Trx, name: string): Promise<User> {
  const row = await db.selectFrom('userAccount').select(columns).where('name', '=', name).executeTakeFirst()
  if (!row) throw notFound(`User "${name}"`)
  return asUser(row)
}

/** `trx` is one of `withTerm`. `role` undefined: read-only. Throws `ModelError`. */
export async function createUser(
  trx: Trx,
  wanted: { name: string; password: string; role?: string | undefined },
): Promise<User> {
  const name = checkUserName(wanted.name)
  const role = checkRole(wanted.role ?? DEFAULT_ROLE)
  const row = await trx
    .insertInto('userAccount')
    .values({
      name,
      passwordHash: await hashPassword(checkPassword(wanted.password)),
      role,
      createdAt: Date.now(),
    })
    .onConflict((c) => c.column('name').doNothing())
    .returning(columns)
    .executeTakeFirst()
  if (!row) throw exists(`User "${name}"`)
  return asUser(row)
}

/** A new password ends the user's sessions. The last full administrator stays one. */
export async function updateUser(
  trx: Trx,
  user: User,
  update: { password?: string | undefined; role?: string | undefined },
): Promise<void> {
  if (update.role !== undefined && update.role !== user.role) {
    const role = checkRole(update.role)
    await keepAdministrator(trx, user)
    await trx.updateTable('userAccount').set({ role }).where('id', '=', user.id).execute()
  }
  if (update.password !== undefined) {
    const passwordHash = await hashPassword(checkPassword(update.password))
    await trx.updateTable('userAccount').set({ passwordHash }).where('id', '=', user.id).execute()
    await trx.deleteFrom('userSession').where('userId', '=', user.id).execute()
  }
}

export async function deleteUser(trx: Trx, user: User): Promise<void> {
  await keepAdministrator(trx, user)
  await trx.deleteFrom('userAccount').where('id', '=', user.id).execute()
}

/** Who that is, or undefined: no such user, or a wrong password. */
export async function authenticate(db: Db, name: string, password: string): Promise<User | undefined> {
  const row = await db
    .selectFrom('userAccount')
    .select([...columns, 'passwordHash'])
    .where('name', '=', name.slice(0, 255).replaceAll('\0', ''))
    .executeTakeFirst()
  const good = await verifyPassword(password.slice(0, MAX_PASSWORD), row?.passwordHash)
  return good && row ? asUser(row) : undefined
}

/**
 * Makes the user `admin` where there is no user at all, with this password or a random one. Returns what is to be shown
 * once; undefined where there was nothing to do, or the password was given.
 */
export async function createFirstUser(trx: Trx, given: string | undefined): Promise<string | undefined> {
  const some = await trx.selectFrom('userAccount').select('id').limit(1).executeTakeFirst()
  if (some) return undefined
  const password = given ?? randomBytes(12).toString('base64url')
  await createUser(trx, { name: 'admin', password, role: 'ROLE_ADMIN' })
  return given === undefined ? password : undefined
}

async function keepAdministrator(trx: Trx, user: User): Promise<void> {
  if (user.role !== 'ROLE_ADMIN') return
  const others = await trx
    .selectFrom('userAccount')
    .select('id')
    .where('role', '=', 'ROLE_ADMIN')
    .orderBy('id')
    .forUpdate()
    .execute()
  if (others.length > 1) return
  throw inUse(`"${user.name}" is the last full administrator and stays one. Make another first.`)
}

function asUser(row: {
  id: number
  name: string
  role: string
  createdAt: number
  lastLogin: number | null
}): User {
  const { id, name, role, createdAt, lastLogin } = row
  return { id, name, role: isUserRole(role) ? role : DEFAULT_ROLE, createdAt, lastLogin }
}

function checkUserName(name: string): string {
  // Basic authentication (RFC 7617) ends a name at the first colon.
  if (!/^[^\p{Cc}:/\\]{1,255}$/u.test(name) || name.trim() !== name)
    throw invalid('The name of a user needs 1 to 255 characters, none of : / \\, and no space at its ends.')
  return name
}

function checkPassword(password: string): string {
  if (password.length === 0 || password.length > MAX_PASSWORD)
    throw invalid(`A password needs 1 to ${MAX_PASSWORD} characters.`)
  return password
}

function checkRole(role: string): UserRole {
  if (!isUserRole(role)) throw invalid(`There is no user role "${role.slice(0, 80)}".`)
  return role
}
