import type {
  HealthCategory,
  HealthEntityBase,
  HealthHost,
  HealthRole,
  HealthService,
  HostFact,
  RoleFact,
  ServiceFact,
} from '../../wire/health.js'
import type { Health } from '../summary.js'
import { NOT_AVAILABLE } from '../summary.js'
import type { BoundTest } from './profile.js'

/** A part of a host that has figures of its own: a file system, an interface, a disk. */
export interface Part {
  /** Its number among owners of slots. */
  readonly owner: number
  readonly category: string
  /** As people call it on the host: mount point, interface, device. */
  readonly label: string
  readonly attributes: Readonly<Record<string, string>>
}

/** Where the figures of one test of one entity come from. */
export interface Input {
  readonly main: number
  readonly divisor: number
  readonly status: number
  /** Of a part, or of a role of the service. */
  readonly label: string
  readonly node?: Node
}

export interface Profile {
  readonly tests: readonly BoundTest[]
}

/** An entity whose health is looked after, with its place among the others. */
export interface Node {
  readonly id: number
  readonly category: HealthCategory
  readonly identity: string
  entity: HealthEntityBase & Partial<Omit<HealthHost & HealthService & HealthRole, keyof HealthEntityBase>>
  profile: Profile
  /** Its first row in the table of results; one for each test of its profile. */
  first: number
  suppressed: ReadonlySet<string>
  /** By test; those that look at several places. */
  inputs: readonly (readonly Input[])[]
  cluster: Node | undefined
  service: Node | undefined
  host: Node | undefined
  /** Of a service and of a host its roles; of a cluster its services and hosts. */
  members: Node[]
  parts: Part[]
  summary: Health
  /** 0: it has never been looked at. */
  since: number
  at: number
  hostFact: HostFact | undefined
  roleFact: RoleFact | undefined
  /** What has changed since the model came. */
  serviceFact: ServiceFact | undefined
  /** By test: since when a tolerated result is bad. */
  badSince: Map<number, number> | undefined
  /** By the name of a figure: what was said with it. */
  messages: Map<string, string> | undefined
  /** Results that come from elsewhere, such as triggers, by name. */
  reported: Map<string, Reported> | undefined
  /** Stays the same one when a model is taken over. */
  readonly tally: Tally
  /** No manager knows it: it only sends metrics. */
  readonly bare: boolean
}

/** How an entity has spent its time since the series were written last. */
export interface Tally {
  /** Milliseconds in each of the five healths. */
  readonly spent: Float64Array
  countedAt: number
}

/** A result that somebody else has found: it counts as that of a test. */
export interface Reported {
  readonly name: string
  readonly label: string
  readonly summary: Health
  readonly explanation: string
  readonly advice: string
  readonly suppressed: boolean
  readonly at: number
  readonly since: number
  /** Set until the change has been told. */
  before?: Health | undefined
  /** It goes when that has been told. */
  readonly isLast?: boolean
  /** It is from before the start, and has not been reported again. */
  readonly recalled?: boolean
}

export const nodeKey = (category: string, identity: string): string => `${category}\0${identity}`

export function createNode(
  id: number,
  category: HealthCategory,
  entity: Node['entity'],
  bare: boolean,
  tally: Tally,
): Node {
  return {
    id,
    category,
    identity: entity.identity,
    entity,
    profile: { tests: [] },
    first: 0,
    suppressed: NONE,
    inputs: [],
    cluster: undefined,
    service: undefined,
    host: undefined,
    members: [],
    parts: [],
    summary: NOT_AVAILABLE,
    since: 0,
    at: 0,
    hostFact: undefined,
    roleFact: undefined,
    serviceFact: undefined,
    badSince: undefined,
    messages: undefined,
    reported: undefined,
    tally,
    bare,
  }
}

export const newTally = (now: number): Tally => ({ spent: new Float64Array(5), countedAt: now })

export const NONE: ReadonlySet<string> = new Set()

export const expectedOf = ({ roleFact, serviceFact, entity }: Node) =>
  roleFact?.expected ?? serviceFact?.expected ?? entity.expected ?? 'RUNNING'
export const expectedSince = ({ roleFact, entity }: Node) => roleFact?.since ?? entity.since ?? 0
/** The command that works on the role or service, or on the role's service. */
export const busyWith = ({ roleFact, serviceFact, entity, service }: Node): string | undefined =>
  (roleFact?.busy ?? serviceFact?.busy ?? entity.busy) || (service && busyWith(service)) || undefined

/** Stopped on purpose, or out of duty: nothing is expected of it, so nothing that is found counts. */
export const isAtRest = (node: Node): boolean =>
  (node.category === 'ROLE' && node.entity.commission === 'DECOMMISSIONED') ||
  ((node.category === 'ROLE' || node.category === 'SERVICE') && expectedOf(node) === 'STOPPED')

/** By itself, or by what it belongs to. */
export function maintenanceOwners(node: Node): HealthCategory[] {
  return [node.cluster, node.service, node.host, node]
    .filter((each): each is Node => each?.entity.maintenance === true)
    .map((each) => each.category)
}
