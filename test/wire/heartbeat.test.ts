import { describe, expect, it } from 'vitest'
import type { DesiredFault } from '../../src/wire/heartbeat.js'
import { judgeSession } from '../../src/wire/heartbeat.js'
import { parseDesired, parseHeartbeatAnswer, parseHeartbeatRequest } from '../../src/wire/heartbeat-parse.js'

const request = {
  protocol: 1,
  hostId: '0b0e3c3e-9d52-4f7b-8f5e-000000000001',
  instanceId: '0b0e3c3e-9d52-4f7b-8f5e-000000000002',
  bootId: 'b',
  sequence: 1,
  term: 0,
  agentVersion: '0.1.0',
  generation: 0,
  settled: true,
  faults: [],
  processes: [],
  clientConfigs: [],
  commands: [],
  clock: 1e12,
  waitMs: 1000,
}
const process = { id: 3, name: '3-zk1-SERVER', program: 'sleep' }
const report = {
  id: 3,
  name: '3-zk1-SERVER',
  state: 'RUNNING',
  since: 1,
  restarts: 0,
  unexpectedExits: 0,
  revision: 0,
}

describe('a heartbeat request', () => {
  it('is taken with what a newer agent may add, which is left out', () => {
    const parsed = parseHeartbeatRequest({ ...request, processes: [report], later: 1, facts: null })
    expect(parsed).toEqual({ ...request, processes: [report] })
  })

  it.each([
    ['no object', [], 'the message must be an object'],
    ['no host id', { ...request, hostId: '' }, 'hostId must be an id'],
    ['a sequence that does not count', { ...request, sequence: 1.5 }, 'sequence must be a whole number'],
    [
      'an unknown state',
      { ...request, processes: [{ ...report, state: 'FINE' }] },
      'processes[0].state must be one of',
    ],
    [
      'too many processes',
      { ...request, processes: Array(10_001).fill(report) },
      'processes must be a list of at most',
    ],
    [
      'an exit code beyond a byte',
      { ...request, processes: [{ ...report, exit: { at: 1, code: 256 } }] },
      'processes[0].exit.code',
    ],
  ])('with %s is refused, and why is said', (_, value, message) => {
    expect(() => parseHeartbeatRequest(value)).toThrow(message)
  })
})

describe('a desired state', () => {
  const faultsOf = (processes: unknown[]) => {
    const faults: DesiredFault[] = []
    const state = parseDesired({ processes }, faults)
    return { state, faults }
  }

  it('has defaults for what it does not say', () => {
    const { state, faults } = faultsOf([process])
    expect(faults).toEqual([])
    expect(state.processes[0]).toMatchObject({
      wanted: 'RUNNING',
      run: 'keep',
      args: [],
      startRetries: 3,
      startSeconds: 20,
      stop: { signal: 'SIGTERM', timeoutMs: 30_000 },
      autoRestart: false,
    })
  })

  it.each([
    ['a name of another id', { ...process, name: '4-zk1-SERVER' }, 'name'],
    ['a name with a way out', { ...process, name: '3-../x' }, 'name'],
    ['a file with a way out', { ...process, files: [{ path: 'a/../../x', content: '' }] }, 'files[0].path'],
    ['an absolute file', { ...process, files: [{ path: '/etc/passwd', content: '' }] }, 'files[0].path'],
    ['a file in logs', { ...process, files: [{ path: 'logs/stdout.log', content: '' }] }, 'files[0].path'],
    ['a file with two contents', { ...process, files: [{ path: 'a', content: '', base64: '' }] }, 'files[0]'],
    [
      'a file at another server',
      { ...process, files: [{ path: 'a', digest: '0'.repeat(64), url: '//evil/x' }] },
      'files[0].url',
    ],
    [
      'the same file twice',
      {
        ...process,
        files: [
          { path: 'a', content: '' },
          { path: 'a', content: '' },
        ],
      },
      'files',
    ],
    ['a user that is an option', { ...process, user: '-root' }, 'user'],
    ['an unknown limit', { ...process, limits: { rlimits: { speed: 1 } } }, 'limits.rlimits.speed'],
    ['a variable with =', { ...process, environment: { 'A=B': '1' } }, 'environment'],
    ['an argument with NUL', { ...process, args: ['a\0b'] }, 'args[0]'],
    [
      'an endpoint without a URL',
      { ...process, metrics: [{ name: 'm', type: 'jmx', rules: 'r' }] },
      'metrics[0]',
    ],
  ])('with %s has the fault named, and its other processes', (_, bad, path) => {
    const { state, faults } = faultsOf([bad, { ...process, id: 5, name: '5-zk1-SERVER' }])
    expect(state.processes.map(({ id }) => id)).toEqual([5])
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatchObject({
      path: expect.stringContaining(`desired.processes[0].${path}`.replace('.files[0]', '.files[0]')),
      id: 3,
    })
  })

  it('takes the first of two processes with one id', () => {
    const { state, faults } = faultsOf([process, { ...process, program: 'other' }])
    expect(state.processes).toHaveLength(1)
    expect(faults[0]!.message).toContain('twice')
  })

  it('does not let a key change what all objects have', () => {
    const { state } = faultsOf([
      JSON.parse('{"id":3,"name":"3-a-B","program":"x","environment":{"__proto__":"y"}}'),
    ])
    expect(Object.keys(state.processes[0]!.environment)).toEqual(['__proto__'])
    expect(({} as Record<string, unknown>).y).toBeUndefined()
  })
})

describe('an answer', () => {
  it('never shows a secret in what it says of a fault', () => {
    const answer = {
      protocol: 1,
      deploymentId: 'd',
      term: 1,
      sequence: 1,
      generation: 1,
      nextIntervalMs: 1,
      clock: { received: 1, sent: 1 },
    }
    expect(() => parseHeartbeatAnswer({ ...answer, agentToken: 'my secret' })).toThrow(
      /^agentToken must be a token/,
    )
    expect(
      parseHeartbeatAnswer({ ...answer, desired: { processes: [] }, commands: [{ kind: 'x' }] }).faults[0]!
        .path,
    ).toBe('commands[0].kind')
  })
})

describe('who beats', () => {
  const beat = (instanceId: string, sequence: number, bootId = 'b1') => ({ instanceId, sequence, bootId })
  it('is told apart: the next beat, a late one, a restarted agent, a restarted host, two hosts with one id', () => {
    let session = judgeSession(undefined, beat('a', 1)).session
    const judge = (...args: Parameters<typeof beat>) => {
      const judged = judgeSession(session, beat(...args))
      session = judged.session
      return judged.verdict
    }
    expect(judge('a', 2)).toBe('next')
    expect(judge('a', 2)).toBe('late')
    expect(judge('a', 5)).toBe('next')
    expect(judge('b', 1)).toBe('agent-restarted')
    expect(judge('c', 1, 'b2')).toBe('host-restarted')
    expect(judge('a', 6)).toBe('two-hosts')
    expect(judge('c', 2, 'b2')).toBe('next')
  })
})
