import { LRUCache } from './lru.js'

/** Failed logins that may happen at once, and how long it takes until one more may. */
interface Allowance {
  burst: number
  refillMs: number
}

/** One name from one address; one address, whatever the names; one name, whatever the addresses. */
const ALLOWED = {
  pair: { burst: 5, refillMs: 30_000 },
  address: { burst: 20, refillMs: 10_000 },
  name: { burst: 50, refillMs: 5_000 },
} as const satisfies Record<string, Allowance>

const MAX_KEPT = 10_000

interface Bucket {
  failures: number
  at: number
}

/**
 * Slows the guessing of passwords down: a bucket of failures each for the pair of name and address, the address and the
 * name, which drain with time. The name's own bucket is wide, so that a stranger cannot lock a user out from afar with a
 * few requests. What a right login says is not counted.
 *
 * Memory is bounded: of more than 10,000 names or addresses, those longest unseen are forgotten.
 */
export function createFailures(now: () => number = Date.now) {
  const buckets = new LRUCache<string, Bucket>(MAX_KEPT)

  function keys(name: string, address: string): [string, Allowance][] {
    const who = name.slice(0, 200).toLowerCase()
    const from = network(address)
    return [
      [`pair ${from} ${who}`, ALLOWED.pair],
      [`address ${from}`, ALLOWED.address],
      [`name ${who}`, ALLOWED.name],
    ]
  }

  function level(bucket: Bucket | undefined, { refillMs }: Allowance): number {
    return bucket ? Math.max(0, bucket.failures - (now() - bucket.at) / refillMs) : 0
  }

  return {
    /** Seconds to wait before the next try; 0: now. */
    waitFor(name: string, address: string): number {
      let wait = 0
      for (const [key, allowance] of keys(name, address)) {
        const over = level(buckets.get(key), allowance) - (allowance.burst - 1)
        if (over > 0) wait = Math.max(wait, Math.ceil((over * allowance.refillMs) / 1000))
      }
      return wait
    },
    /** To be called before the check, so that tries side by side count; `succeeded` takes it back. */
    failed(name: string, address: string): void {
      for (const [key, allowance] of keys(name, address))
        buckets.set(key, { failures: level(buckets.get(key), allowance) + 1, at: now() })
    },
    /** Takes the count of this try back, and forgets the failures of this user from there. */
    succeeded(name: string, address: string): void {
      const [pair, ...wider] = keys(name, address)
      buckets.delete(pair![0])
      for (const [key, allowance] of wider)
        buckets.set(key, { failures: Math.max(0, level(buckets.get(key), allowance) - 1), at: now() })
    },
  }
}

/** Who has one IPv6 address has 2⁶⁴ of them. */
function network(address: string): string {
  if (!address.includes(':')) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped) return mapped[1]!
  const [head = '', tail = ''] = address.toLowerCase().split('::')
  const groups = head.split(':').filter(Boolean)
  const missing = address.includes('::') ? 8 - groups.length - tail.split(':').filter(Boolean).length : 0
  return [...groups, ...Array<string>(Math.max(0, missing)).fill('0'), ...tail.split(':').filter(Boolean)]
    .slice(0, 4)
    .join(':')
}
