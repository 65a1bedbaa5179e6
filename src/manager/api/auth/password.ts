import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** Cost of new hashes: 32 MB and about 60 ms each. Written into the hash, so that it can be raised later. */
const COST = { N: 2 ** 15, r: 8, p: 1 }
const KEY_BYTES = 32
const MAX_MEMORY = 256 * 1024 ** 2
export const MIN_PASSWORD_LENGTH = 8
/** Longer ones would only cost time to read: the hash is as strong with this. */
export const MAX_PASSWORD_LENGTH = 1024

/** `scrypt$N$r$p$salt$key`, the last two base64. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const key = await derive(password, salt, COST)
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64'), key.toString('base64')].join('$')
}

const FORM = /^scrypt\$(\d+)\$(\d+)\$(\d+)\$([\w+/=]+)\$([\w+/=]+)$/

/** True for the password that `hash` was made of; false for any other, and for a hash that is none of ours. */
export async function passwordMatches(password: string, hash: string): Promise<boolean> {
  const [, N, r, p, salt, key] = FORM.exec(hash) ?? []
  if (!salt || !key || password.length > MAX_PASSWORD_LENGTH) return false
  const expected = Buffer.from(key, 'base64')
  try {
    const cost = { N: Number(N), r: Number(r), p: Number(p) }
    const found = await derive(password, Buffer.from(salt, 'base64'), cost, expected.length)
    return timingSafeEqual(found, expected)
  } catch {
    return false
  }
}

export const isPasswordHash = (text: string) => FORM.test(text)

/** 22 letters and digits: 130 bits, nothing that a shell or a URL would take apart. */
export function randomPassword(): string {
  const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789'
  let password = ''
  while (password.length < 22)
    // Bytes beyond a whole multiple would make the first letters likelier.
    for (const byte of randomBytes(32))
      if (byte < 256 - (256 % alphabet.length) && password.length < 22)
        password += alphabet[byte % alphabet.length]
  return password
}

/** scrypt takes tens of megabytes: a flood of logins must wait in line, not take all memory. */
const CONCURRENT = 2
const MAX_WAITING = 64
let running = 0
const waiting: (() => void)[] = []

export class TooManyLogins extends Error {
  override name = 'TooManyLogins'
}

async function derive(
  password: string,
  salt: Uint8Array,
  cost: { N: number; r: number; p: number },
  length = KEY_BYTES,
): Promise<Buffer> {
  if (running >= CONCURRENT) {
    if (waiting.length >= MAX_WAITING) throw new TooManyLogins()
    await new Promise<void>((resolve) => waiting.push(resolve))
  } else running++
  try {
    return await new Promise((resolve, reject) =>
      scrypt(password.normalize('NFC'), salt, length, { ...cost, maxmem: MAX_MEMORY }, (error, key) =>
        error ? reject(error) : resolve(key),
      ),
    )
  } finally {
    const next = waiting.shift()
    if (next) next()
    else running--
  }
}
