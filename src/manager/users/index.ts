export { type AuditEvent, type AuditQuery, listAudits, recordAudit } from './audit.js'
export { hashPassword, verifyPassword } from './password.js'
export {
  type AccessLevel,
  accessLevels,
  DEFAULT_ROLE,
  isUserRole,
  mayDo,
  mayManageUsers,
  type UserRole,
  userRoles,
} from './roles.js'
export {
  createSession,
  endSession,
  endSessions,
  findSession,
  listSessions,
  type Session,
} from './sessions.js'
export {
  authenticate,
  createFirstUser,
  createUser,
  deleteUser,
  listUsers,
  type User,
  updateUser,
  userNamed,
} from './users.js'
