import { expect, test } from 'vitest'
import { connectionProblem, tlsProblem } from '../../src/wire/connection-problem.js'

const failure = (code: string, more: object = {}) =>
  Object.assign(new Error('said by node'), { code, ...more })
const secure = { url: 'https://m1:7180/api', caOption: '--manager-ca' }
const plain = { ...secure, url: 'http://m1:7180/api' }

test.each([
  [failure('DEPTH_ZERO_SELF_SIGNED_CERT'), /https:\/\/m1:7180 is from an authority .* by --manager-ca/],
  [
    failure('ERR_TLS_CERT_ALTNAME_INVALID', { host: 'm1', cert: { subjectaltname: 'DNS:bell' } }),
    /is not for m1, but for DNS:bell: use/,
  ],
  [failure('CERT_HAS_EXPIRED'), /has expired by the clock of this machine .*: renew it/],
  [failure('CERT_NOT_YET_VALID'), /not valid yet .*: set the clock/],
  [
    failure('EPROTO', { reason: 'wrong version number' }),
    /\(wrong version number\); perhaps it is http:\/\//,
  ],
  [failure('CERT_REVOKED'), /cannot be used: said by node/],
])('what is wrong with a certificate is told, with what to do: %s', (error, words) => {
  expect(tlsProblem(error, secure)).toMatch(words)
  expect(connectionProblem(error, secure)).toMatch(words)
})

test('http where https is spoken is told, and other errors in their own words', () => {
  expect(connectionProblem(failure('ECONNRESET'), plain)).toMatch(/perhaps it is https:\/\/ there/)
  for (const error of [failure('ECONNREFUSED'), failure('EPROTO')]) {
    expect(tlsProblem(error, plain)).toBeUndefined()
    expect(connectionProblem(error, plain)).toBe('said by node')
  }
  expect(connectionProblem(failure('ECONNRESET'), secure)).toBe('said by node')
})
