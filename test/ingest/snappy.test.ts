import fc from 'fast-check'
import SnappyJS from 'snappyjs'
import { expect, test } from 'vitest'
import { decompressSnappy } from '../../src/ingest/snappy.js'

const compress = (bytes: Uint8Array): Uint8Array => SnappyJS.compress(bytes)

test('gives back what another implementation has compressed', () => {
  const words = fc.array(fc.constantFrom('cpu', 'host_', '1', 'aaaaaaaaaaaaaaaa', '\0', 'x'.repeat(70)), {
    maxLength: 400,
  })
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 5000 }),
        words.map((w) => new Uint8Array(Buffer.from(w.join('')))),
      ),
      (bytes) => {
        expect(Buffer.from(decompressSnappy(compress(bytes), 1 << 20))).toEqual(Buffer.from(bytes))
      },
    ),
    { numRuns: 500 },
  )
})

test('a block that announces too much is refused before anything is allocated', () => {
  const reserved: number[] = []
  expect(() => decompressSnappy(compress(new Uint8Array(1001)), 1000, (n) => reserved.push(n))).toThrow(
    /1001 bytes/,
  )
  expect(reserved).toEqual([])
  expect(() => decompressSnappy(Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x0f]), 2 ** 33)).toThrow(
    /ends early/,
  )
})

test.each([
  ['nothing', []],
  ['a length that does not end', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
  [
    'a literal with a negative 32-bit length, on which snappyjs loops',
    [100, 63 << 2, 0xfa, 0xff, 0xff, 0xff, 1, 2, 3],
  ],
  ['a literal longer than the block', [10, 9 << 2, 1, 2, 3]],
  ['a literal longer than announced', [1, 2 << 2, 1, 2, 3]],
  ['less than announced', [5, 0, 65]],
  ['a copy from before the beginning', [8, 0, 65, 0b10, 9, 0]],
  ['a copy of offset zero', [8, 0, 65, 0b10, 0, 0]],
  ['a copy that ends early', [8, 0, 65, 0b10]],
  ['a copy beyond what is announced', [3, 0, 65, (9 << 2) | 2, 1, 0]],
])('%s is a malformed body', (_, bytes) => {
  expect(() => decompressSnappy(Uint8Array.from(bytes), 1000)).toThrow(/^snappy: /)
})

test('any bytes at all either decompress or are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        expect(decompressSnappy(bytes, 10_000).length).toBeLessThanOrEqual(10_000)
      } catch (error) {
        expect(['MalformedBodyError', 'RequestTooLargeError']).toContain((error as Error).name)
      }
    }),
    { numRuns: 5000 },
  )
})

test('long repetitions, near and far, beside memory that is used again', () => {
  const keep = new Uint8Array(1 << 20).fill(0xaa)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 2000 })), {
        maxLength: 20,
      }),
      (repeats) => {
        const bytes = [...Array.from({ length: 400 }, (_, k) => (k * 7919) % 251)]
        for (const [offset, length] of repeats)
          for (let k = 0; k < length; k++) bytes.push(bytes[bytes.length - offset]!)
        const block = compress(Uint8Array.from(bytes))
        const out = decompressSnappy(block, 1 << 20, undefined, (size) => keep.subarray(8, 8 + size))
        expect(Buffer.from(out)).toEqual(Buffer.from(bytes))
      },
    ),
  )
})
