import { randomBytes, scrypt as scryptCallback, timingSafeEqual } from 'node:crypto'

/** OWASP's minimum for scrypt with 16 MiB: N 2^14, r 8, p 5. */
const COST = { N: 2 ** 14, r: 8, p: 5 }
const KEY_BYTES = 32

/** `scrypt$N$r$p$salt$key`, salt and key in base64. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const key = await scrypt(password, salt, COST)
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64'), key.toString('base64')].join('$')
}

/** Takes its time also where there is no such user (`stored` undefined), so that nobody learns who exists. */
export async function verifyPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [kind, N, r, p, salt = '', key = ''] = (stored ?? '').split('$')
  if (kind !== 'scrypt') {
    await scrypt(password, Buffer.alloc(16), COST)
    return false
  }
  const expected = Buffer.from(key, 'base64')
  const given = await scrypt(password, Buffer.from(salt, 'base64'), {
    N: Number(N),
    r: Number(r),
    p: Number(p),
  })
  return expected.length === given.length && timingSafeEqual(expected, given)
}

function scrypt(password: string, salt: Buffer, cost: typeof COST): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scryptCallback(password, salt, KEY_BYTES, { ...cost, maxmem: 256 * 1024 ** 2 }, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}
