import { randomBytes, scryptSync } from 'node:crypto'

const COST = { N: 16, r: 1, p: 1 }

/** As `hashPassword`, at next to no cost: a check takes as long as the hash says, and there are hundreds of logins. */
export function quickHash(password: string): string {
  const salt = randomBytes(16)
  const key = scryptSync(password, salt, 32, COST)
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64'), key.toString('base64')].join('$')
}
