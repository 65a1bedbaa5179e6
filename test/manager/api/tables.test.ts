import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { contractEndpoints, endpoints } from '../../../src/manager/api/contract/endpoints.js'
import { enums } from '../../../src/manager/api/contract/enums.js'
import { contractModels, models } from '../../../src/manager/api/contract/models.js'
import { fieldsOf } from '../../../src/manager/api/contract/shape.js'
import type { ModelName } from '../../../src/manager/api/contract/types.js'
import { replaceApiTable } from '../../../src/manager/api/documentation.js'
import { contract } from './contract.js'

const bare = (type: string) => type.replace(/ (until )?v\d+/g, '')

describe('the tables of the API', () => {
  it('have the endpoints of the contract, with its parameters, bodies and answers', () => {
    expect(Object.keys(contractEndpoints).sort()).toEqual(Object.keys(contract.endpoints).sort())
    for (const [name, ours] of Object.entries(contractEndpoints)) {
      const theirs = contract.endpoints[name]!
      const query = 'query' in ours ? Object.keys(ours.query).sort() : []
      expect([name, query]).toEqual([name, Object.keys(theirs.query ?? {}).sort()])
      const body = 'body' in ours ? ours.body.replace('?', '') : undefined
      expect([name, body]).toEqual([name, theirs.body])
      const answer = ours.answer === 'none' ? null : ours.answer === 'text' ? 'string' : ours.answer
      expect([name, answer]).toEqual([name, theirs.answer])
    }
  })

  it('have no field and no type that the contract does not have, but what old versions had', () => {
    for (const [name, fields] of Object.entries(contractModels))
      for (const [field, type] of Object.entries(fields)) {
        if (type.includes('until') && !(field in contract.models[name]!)) continue
        expect([name, field, bare(type)]).toEqual([name, field, contract.models[name]![field]])
      }
    for (const [name, words] of Object.entries(enums)) expect(words).toEqual(contract.enums[name])
  })

  it('can be read, every field of every model', () => {
    for (const name of Object.keys(models)) expect(fieldsOf(name as ModelName).length).toBeGreaterThan(0)
  })
})

describe('docs/api.md', () => {
  it('has the table of endpoints as it is', () => {
    const document = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8')
    expect(replaceApiTable(document)).toBe(document)
    expect(document.match(/^\| (GET|POST|PUT|DELETE) \|/gm)).toHaveLength(Object.keys(endpoints).length)
  })
})
