/** The hosts of TSBS's use case `cpu-only`: their tags, their fields, and the order in which random numbers are drawn. */
import type { Random } from '../random.js'

/** The fields of measurement `cpu`, in TSBS's order: queries over n metrics take the first n. */
export const CPU_FIELDS = [
  'usage_user',
  'usage_system',
  'usage_idle',
  'usage_nice',
  'usage_iowait',
  'usage_irq',
  'usage_softirq',
  'usage_steal',
  'usage_guest',
  'usage_guest_nice',
] as const

const REGIONS: [region: string, zones: string][] = [
  ['us-east-1', 'abce'],
  ['us-west-1', 'ab'],
  ['us-west-2', 'abc'],
  ['eu-west-1', 'abc'],
  ['eu-central-1', 'ab'],
  ['ap-southeast-1', 'ab'],
  ['ap-southeast-2', 'ab'],
  ['ap-northeast-1', 'ac'],
  ['sa-east-1', 'abc'],
]
const OPERATING_SYSTEMS = ['Ubuntu16.10', 'Ubuntu16.04LTS', 'Ubuntu15.10']
const ARCHITECTURES = ['x64', 'x86']
const TEAMS = ['SF', 'NYC', 'LON', 'CHI']
const ENVIRONMENTS = ['production', 'staging', 'test']

/** Tag names and values of one host, in the order in which they are written. */
export type HostTags = [name: string, value: string][]

/**
 * Makes host number `index`: fills its ten start values, uniform in [0, 100), then draws its tags.
 * Drawn in TSBS's order: start values, region, datacenter, rack, arch, os, service, version, environment, team.
 */
export function createHost(random: Random, index: number, startValues: Float64Array): HostTags {
  for (let i = 0; i < startValues.length; i++) startValues[i] = random.uniform() * 100
  const pick = <T>(choices: ArrayLike<T>): T => choices[random.below(choices.length)]!
  const [region, zones] = pick(REGIONS)
  const datacenter = region + pick(zones)
  const rack = random.below(100)
  const arch = pick(ARCHITECTURES)
  const os = pick(OPERATING_SYSTEMS)
  const service = random.below(20)
  const version = random.below(2)
  const environment = pick(ENVIRONMENTS)
  const team = pick(TEAMS)
  return [
    ['hostname', `host_${index}`],
    ['region', region],
    ['datacenter', datacenter],
    ['rack', String(rack)],
    ['os', os],
    ['arch', arch],
    ['team', team],
    ['service', String(service)],
    ['service_version', String(version)],
    ['service_environment', environment],
  ]
}
