export { DatabaseError, type DatabaseErrorCode, isDiskFull, isTransient, LostLeaseError } from './errors.js'
export { type Leadership, type LeadershipOptions, lead } from './leadership.js'
export {
  acquireLease,
  type Holder,
  type LeaseTimes,
  leaseTimes,
  releaseFormer,
  releaseLease,
  renewLease,
} from './lease.js'
export { type Db, type OpenDatabase, openDatabase } from './open.js'
export { createPool, type PoolOptions } from './pool.js'
export type * from './schema.js'
export { type Trx, withTerm } from './term.js'
