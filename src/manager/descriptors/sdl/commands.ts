import {
  flag,
  list,
  matching,
  number,
  object,
  oneOf,
  optional,
  type Read,
  required,
  text,
  withDefault,
  words,
} from '../json/read.js'
import type {
  GracefulStop,
  HdfsDirectory,
  InitStep,
  RoleCommand,
  RollingRestart,
  RollingStep,
  ServiceCommand,
  ServiceInit,
} from '../model/commands.js'
import { roleTypeName, runner } from './runner.js'

export const roleCommand: Read<RoleCommand> = object<RoleCommand>({
  name: required(words),
  label: required(words),
  description: required(text),
  expectedExitCodes: required(list(number({ whole: true, least: 0, most: 255 }), { nonEmpty: true })),
  commandRunner: required(runner),
  requiredRoleState: optional(oneOf(['running', 'stopped'] as const)),
  makesDirectories: withDefault(flag, false),
})

export const serviceCommand: Read<ServiceCommand> = object<ServiceCommand>({
  name: required(words),
  label: required(words),
  description: required(text),
  roleName: required(roleTypeName),
  roleCommand: required(text),
  runMode: required(oneOf(['all', 'single'] as const)),
})

export const hdfsDirectory: Read<HdfsDirectory> = object<HdfsDirectory>({
  name: required(words),
  label: required(words),
  description: required(text),
  directoryDescription: withDefault(text, ''),
  path: required(words),
  permissions: required(matching(/^[0-7]{4}$/, 'must be a four digit octal file permission, such as 0755')),
})

const initStep: Read<InitStep> = object<InitStep>({
  commandName: required(words),
  failureAllowed: withDefault(flag, false),
})

export const serviceInit: Read<ServiceInit> = object<ServiceInit>({
  preStartSteps: withDefault(list(initStep), []),
  postStartSteps: withDefault(list(initStep), []),
})

export const gracefulStop: Read<GracefulStop> = object<GracefulStop>({
  runner: required(runner),
  timeout: withDefault(number({ whole: true, least: 0 }), 0),
  relevantRoleTypes: withDefault(list(roleTypeName), []),
  masterRole: required(roleTypeName),
})

const rollingStep: Read<RollingStep> = object<RollingStep>({
  roleName: required(roleTypeName),
  bringDownCommands: withDefault(list(text), []),
  bringUpCommands: withDefault(list(text), []),
})

export const rollingRestart: Read<RollingRestart> = object<RollingRestart>({
  nonWorkerSteps: withDefault(list(rollingStep), []),
  workerSteps: optional(rollingStep),
})
