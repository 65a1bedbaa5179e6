import { type Bundle, type Described, describeBundle } from '../../../../src/manager/descriptors/index.js'

/** A small valid `service.sdl` with one role, with fields replaced or added. */
export function sdl(more: Record<string, unknown> = {}, role: Record<string, unknown> = {}): unknown {
  return {
    name: 'DEMO',
    label: 'Demo',
    description: 'For tests.',
    version: '1',
    runAs: { user: 'demo', group: 'demo' },
    roles: [
      {
        name: 'DEMO_SERVER',
        label: 'Server',
        pluralLabel: 'Servers',
        startRunner: { program: 'scripts/control.sh', args: ['start'] },
        ...role,
      },
    ],
    ...more,
  }
}

export function bundle(
  sdlContent: unknown,
  mdl?: unknown,
  files: Readonly<Record<string, string>> = { 'scripts/control.sh': '#!/bin/sh\n' },
): Bundle {
  const text = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
  return {
    name: 'DEMO-1.0',
    path: '/csd/DEMO-1.0.jar',
    kind: 'jar',
    builtIn: false,
    files: new Map<string, Uint8Array>([
      ['descriptor/service.sdl', text(sdlContent)],
      ...(mdl === undefined ? [] : [['descriptor/service.mdl', text(mdl)] as const]),
      ...Object.entries(files).map(([path, content]) => [path, Buffer.from(content)] as const),
    ]),
  }
}

export function describeSdl(sdlContent: unknown, mdl?: unknown): Described {
  return describeBundle(bundle(sdlContent, mdl))
}
