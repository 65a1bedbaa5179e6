import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { mayDoAll, requireToken, sendersToken } from '../../src/wire/port-tokens.js'

const FULL = 'full-token-of-the-manager'
const SENDER = 'token-of-a-sender'
const app = new Hono()
app.use(requireToken({ full: [FULL], senders: [SENDER] }, new Set(['/write'])))
app.all('*', (c) => c.text('done'))

const basic = (password: string) => `Basic ${Buffer.from(`anyone:${password}`).toString('base64')}`
const status = async (path: string, authorization?: string) =>
  (await app.request(path, { method: 'POST', ...(authorization ? { headers: { authorization } } : {}) }))
    .status

describe('a port with tokens', () => {
  it.each([
    ['nothing', undefined],
    ['a wrong token', 'Bearer wrong-token'],
    ['the start of a right one', `Bearer ${FULL.slice(0, -1)}`],
    ['a right token in a scheme that is none', `Negotiate ${FULL}`],
    ['a right token as the name of Basic', `Basic ${Buffer.from(`${FULL}:`).toString('base64')}`],
    ['Basic that is not base64', 'Basic ***'],
    ['an empty token', 'Bearer '],
  ])('refuses %s, everywhere but for the state', async (_, authorization) => {
    expect(await status('/write', authorization)).toBe(401)
    expect(await status('/api/v45/timeseries', authorization)).toBe(401)
    expect(await status('/health/ready', authorization)).toBe(200)
  })

  it.each([
    ['Bearer', (token: string) => `Bearer ${token}`],
    ['Token, as InfluxDB 2 has it', (token: string) => `Token ${token}`],
    ['the password of Basic', basic],
  ])('takes tokens as %s: from senders for sending, from the manager for everything', async (_, as) => {
    for (const token of [SENDER, sendersToken(FULL)]) {
      expect(await status('/write', as(token))).toBe(200)
      expect(await status('/api/v45/timeseries', as(token))).toBe(403)
      expect(await status('/metrics', as(token))).toBe(403)
    }
    for (const path of ['/write', '/api/v45/timeseries', '/metrics'])
      expect(await status(path, as(FULL))).toBe(200)
  })

  it('takes a token as parameter p, as InfluxDB 1 has it', async () => {
    expect(await status(`/write?u=any&p=${SENDER}`)).toBe(200)
    expect(await status('/write?u=any&p=other')).toBe(401)
  })
})

it('what is answered without the app takes the tokens that are good for everything, and no others', () => {
  const full = 'a-token-good-for-everything'
  const mayAll = mayDoAll({ full: [full], senders: ['a-token-of-a-sender'] })
  const basic = (password: string) => `Basic ${Buffer.from(`x:${password}`).toString('base64')}`
  for (const header of [`Bearer ${full}`, `Token ${full}`, basic(full)]) expect(mayAll(header)).toBe(true)
  for (const header of [
    undefined,
    '',
    full,
    `Bearer ${full}x`,
    'Bearer a-token-of-a-sender',
    `Bearer ${sendersToken(full)}`,
    basic(''),
  ])
    expect(mayAll(header)).toBe(false)
})
