/**
 * Seeded random numbers that are the same on every machine and in every version of Node: xoshiro128** (Blackman and Vigna),
 * its state filled by splitmix32. Only integer arithmetic, additions and one division by a power of two are used; no
 * transcendental function, whose last bit engines are free to choose.
 */
export interface Random {
  /** 32 random bits, as an unsigned integer. */
  bits(): number
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number
  /** A uniform integer in [0, n). */
  below(n: number): number
  /** Approximately N(0, 1): twelve uniform 16-bit numbers, summed and centred (Irwin–Hall), within ±6. */
  normal(): number
}

/**
 * Makes a generator. The same seed gives the same sequence.
 *
 * @example
 * createRandom(123).below(9) // 0 … 8
 */
export function createRandom(seed: number): Random {
  const s = new Int32Array(4)
  let mix = seed | 0
  for (let i = 0; i < 4; i++) {
    mix = (mix + 0x9e3779b9) | 0
    let z = mix
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    s[i] = z ^ (z >>> 16)
  }

  const rotate = (x: number, by: number) => (x << by) | (x >>> (32 - by))

  function next(): number {
    const result = Math.imul(rotate(Math.imul(s[1]!, 5), 7), 9)
    const t = s[1]! << 9
    s[2]! ^= s[0]!
    s[3]! ^= s[1]!
    s[1]! ^= s[2]!
    s[0]! ^= s[3]!
    s[2]! ^= t
    s[3] = rotate(s[3]!, 11)
    return result
  }

  const uniform = () => {
    const high = next() >>> 5
    const low = next() >>> 6
    return (high * 67108864 + low) / 9007199254740992
  }

  return {
    bits: () => next() >>> 0,
    uniform,
    below: (n) => Math.floor(uniform() * n),
    normal() {
      let sum = 0
      for (let i = 0; i < 6; i++) {
        const bits = next()
        sum += (bits & 0xffff) + (bits >>> 16)
      }
      return (sum - 393210) / 65536
    },
  }
}
