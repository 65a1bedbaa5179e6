import { createServer } from 'node:http'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import type { Message } from '../../src/alerts/core/index.js'
import { readSettings } from '../../src/alerts/index.js'
import { type BodyTemplate, bodyTemplateProblem, renderBody } from '../../src/alerts/render/index.js'
import { codePoint } from '../code-points.js'
import { eventually } from '../integration/program.js'
import { health, publisherWith } from './support.js'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

const message = (...summaries: string[]): Message => ({
  id: 'm1',
  receiver: 'chat',
  at: Date.UTC(2026, 10, 20, 3),
  kind: 'alert',
  groups: [],
  open: summaries.length,
  causes: summaries.map((summary) => ({
    state: 'new',
    since: Date.UTC(2026, 10, 20, 2),
    count: 1,
    history: [],
    event: { ...health('zk-1', 'RED'), summary },
  })),
})
const render = (template: BodyTemplate, of = message('first is bad', 'second is bad')) => {
  expect(bodyTemplateProblem(template)).toBeUndefined()
  return renderBody(template, of, false)
}

test('a text template gives text, with a line for each alert', () => {
  const { json, body } = render(
    '{{severity|lower}}: {{count}} at {{time}}\n{{#alerts}}- {{summary}} ({{service}} on {{host}}){{#tests}} [{{test}}]{{/tests}}\n{{/alerts}}{{^recovered}}open{{/recovered}}{{#recovered}}over{{/recovered}}',
  )
  expect(json).toBe(false)
  expect(body).toBe(
    'critical: 2 at 2026-11-20T03:00:00Z\n- first is bad (ZooKeeper on zk-1.example.com) [ZOOKEEPER_SERVER_SCM_HEALTH]\n- second is bad (ZooKeeper on zk-1.example.com) [ZOOKEEPER_SERVER_SCM_HEALTH]\nopen',
  )
})

test('a JSON template stays the JSON that it is, whatever an alert says', () => {
  const evil = '","admin":true,"x":"{{id}} <!channel> \u2028'
  const { json, body } = render(
    {
      '@type': 'MessageCard',
      title: '{{headline}}',
      sections: [{ each: 'alerts', template: { name: '{{summary}}', n: 1, ok: false } }, 'end'],
      color: null,
    },
    message(evil),
  )
  expect(json).toBe(true)
  expect(JSON.parse(body)).toEqual({
    '@type': 'MessageCard',
    title: `CRITICAL: ${evil}`,
    sections: [{ name: evil, n: 1, ok: false }, 'end'],
    color: null,
  })
})

test('filters take the meaning out of what would have one', () => {
  const { body } = render(
    '{{#alerts}}{{summary|html}} {{summary|slack}} {{summary|markdown}} {{summary|url}} {{summary|json}}{{/alerts}}',
    message('<b>&"*'),
  )
  expect(body).toBe('&#60;b&#62;&#38;&#34;* &lt;b&gt;&amp;"* <b\\>&"\\* %3Cb%3E%26%22* <b>&\\"*')
})

test('any alert makes JSON of the same form', () => {
  fc.assert(
    fc.property(fc.string({ unit: codePoint }), (text) => {
      const { body } = renderBody({ a: '{{#alerts}}{{summary}}{{/alerts}}' }, message(text), false)
      expect(Object.keys(JSON.parse(body))).toEqual(['a'])
    }),
  )
})

test.each([
  ['{{summry}}', 'there is no summry here; there are id, kind'],
  ['{{#alerts}}{{nope}}{{/alerts}}', 'there is no nope here'],
  ['{{alerts}}', 'alerts is a list'],
  ['{{summary', '"{{summary" is no place for a value'],
  ['{{constructor}}', 'there is no constructor here'],
  ['{{#alerts}}', '{{#alerts}} is not ended'],
  ['{{/alerts}}', 'ends no section'],
  ['{{#alerts}}{{#alerts}}{{/alerts}}{{/alerts}}', 'stands within itself'],
  ['{{id|shout}}', 'there is no filter shout'],
  ['{{id|constructor}}', 'there is no filter constructor'],
  [{ a: [{ b: '{{nope}}' }] }, 'a[0].b: there is no nope'],
  [[{ each: 'tests', template: '' }], 'each has to be alerts'],
  ['x'.repeat(20_001), 'more than 20000 characters'],
])('what is wrong in %j is said: %s', (template, problem) => {
  expect(bodyTemplateProblem(template)).toContain(problem)
})

test('a storm is cut', () => {
  const storm = message(...Array.from({ length: 1_000 }, (_, i) => `entity ${i} ${'x'.repeat(500)}`))
  const { body } = render(
    [{ each: 'alerts', template: '{{text}}' }, '{{#alerts}}{{summary}}{{/alerts}}'],
    storm,
  )
  expect(body.length).toBeLessThan(2_500_000)
})

test('the settings take a template and say what is wrong with it', () => {
  const read = (more: object) => {
    const problems: string[] = []
    readSettings({ receivers: [{ name: 'a', type: 'webhook', url: 'http://x/', ...more }] }, problems)
    return problems
  }
  expect(read({ format: 'template', template: { text: '{{headline}}' } })).toEqual([])
  expect(read({ format: 'template', template: { text: '{{headlin}}' } })[0]).toMatch(
    /^receivers\[0\]\.template text: there is no headlin here/,
  )
  expect(read({ format: 'template' })[0]).toContain('go together')
  expect(read({ template: 'x' })[0]).toContain('go together')
  expect(read({ format: 'template', template: 'x', contentType: 'a\tb' }).length).toBeGreaterThan(0)
})

test('is what a webhook posts', async () => {
  const posts: [string | undefined, string][] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      posts.push([request.headers['content-type'], body])
      response.end('ok')
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()))
  ends.push(() => server.close().closeAllConnections())
  const publisher = await publisherWith({
    type: 'webhook',
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    format: 'template',
    template: { content: '{{headline}}' },
  })
  await publisher.take([health('a', 'RED')])
  await eventually('a post', () => posts.length > 0)
  expect(posts[0]).toEqual([
    'application/json',
    '{"content":"CRITICAL: The health of role a has become bad."}',
  ])
})
