import { conformPattern } from '../config/regex.js'
import {
  fail,
  flag,
  inside,
  list,
  matching,
  number,
  object,
  oneOf,
  optional,
  type Place,
  type Read,
  required,
  text,
  withDefault,
  words,
} from '../json/read.js'
import { isArray, type Parameter, parameter, parameterTypes, type Scope, units } from '../model/parameter.js'

type Given = Omit<
  Parameter,
  'scope' | 'purpose' | 'emitted' | 'hidden' | 'fixed' | 'scriptBased' | 'file' | 'default'
> & {
  readonly default: unknown
}

const pathTypes = ['localDataDir', 'localDataFile', 'serviceSpecific'] as const

/** A parameter of the descriptor (csd.md §2.3). Unknown types are read as text; the type `provided` has only a name. */
export function parameterIn(scope: Scope): Read<Parameter> {
  return (value, at) => {
    const given = read(value, at)
    if (!given) return undefined
    const { default: standard, ...rest } = given
    checkType(given, at)
    return parameter({
      ...rest,
      configName: given.configName === '' ? given.name : given.configName,
      scope,
      default: defaultText(standard, given, inside(at, 'default')),
      sensitive: given.sensitive || given.type === 'password',
      hidden: given.initType !== undefined,
      emitted: given.type !== 'provided',
    })
  }
}

const octal = matching(/^[0-7]{4}$/, 'must be a four digit octal file permission, such as 0755')
const size = () => optional(number({ whole: true, least: 0 }))
const anything: Read<unknown> = (value) => value

const read: Read<Given> = (value, at) => {
  const provided = (value as { type?: unknown } | null)?.type === 'provided'
  return object<Given>({
    name: required(matching(/^[^\s{}$][^\s{}]*$/, 'cannot be a parameter name: no blanks, braces or $')),
    label: provided ? withDefault(text, '') : required(words),
    description: provided ? withDefault(text, '') : required(text),
    type: required(oneOf(parameterTypes, { value: 'string', what: 'it is read as text' })),
    configName: withDefault(text, ''),
    required: withDefault(flag, false),
    default: optional(anything),
    configurableInWizard: withDefault(flag, false),
    sensitive: withDefault(flag, false),
    initType: optional(
      oneOf<'randomBase64'>(['randomBase64'], { value: 'randomBase64', what: 'a random text is made' }),
    ),
    min: optional(number()),
    max: optional(number()),
    softMin: optional(number()),
    softMax: optional(number()),
    unit: optional(
      oneOf([...units], { value: undefined as never, what: 'the value is shown without a unit' }),
    ),
    outbound: withDefault(flag, false),
    zeroAllowed: withDefault(flag, false),
    negativeOneAllowed: withDefault(flag, false),
    scaleFactor: withDefault(number({ least: 0 }), 1),
    autoConfigShare: optional(number({ least: 0, most: 100 })),
    conformRegex: optional(regex),
    validValues: withDefault(list(text, { nonEmpty: true }), []),
    pathType: optional(
      oneOf([...pathTypes], { value: 'serviceSpecific', what: 'the path is left as it is' }),
    ),
    mode: withDefault(octal, '0755'),
    separator: withDefault(text, ','),
    minLength: size(),
    maxLength: size(),
    allowedSchemes: withDefault(list(text), []),
    opaque: withDefault(flag, false),
    credentialProviderCompatible: withDefault(flag, false),
    alternateScriptParameterName: optional(text),
    dependencyType: optional(text),
  })(value, at)
}

const regex: Read<string> = (value, at) => {
  const source = text(value, at)
  if (source === undefined || conformPattern(source)) return source
  return fail(at, 'BAD_VALUE', `${JSON.stringify(source)} is not understood; it is not enforced`, 'warning')
}

function checkType(given: Given, at: Place): void {
  if (given.type === 'string_enum' && given.validValues.length === 0)
    fail(inside(at, 'validValues'), 'MISSING', 'a string_enum needs validValues; list what is allowed')
  if ((given.type === 'path' || given.type === 'path_array') && given.pathType === undefined)
    fail(inside(at, 'pathType'), 'MISSING', 'a path needs a pathType; it is left as it is', 'warning')
  if (given.credentialProviderCompatible && given.alternateScriptParameterName !== undefined)
    fail(
      at,
      'CONFLICT',
      'has both credentialProviderCompatible and alternateScriptParameterName; keep one of them',
    )
  const bounds = [given.min, given.softMin, given.softMax, given.max].filter((n) => n !== undefined)
  if (bounds.some((bound, i) => i > 0 && bounds[i - 1]! >= bound))
    fail(at, 'BAD_VALUE', 'min, softMin, softMax, max must grow in this order; correct them', 'warning')
}

function defaultText(value: unknown, given: Given, at: Place): string | undefined {
  if (value === undefined || value === null) return undefined
  if (!isArray(given.type)) {
    if (given.type === 'boolean') return flag(value, at)?.toString()
    return Array.isArray(value) ? list(text)(value, at)?.join(given.separator) : text(value, at)
  }
  if (!Array.isArray(value)) return text(value, at)
  const items = list(text)(value, at) ?? []
  for (const item of items)
    if (given.separator !== '' && item.includes(given.separator))
      fail(
        at,
        'BAD_VALUE',
        `${JSON.stringify(item)} holds the separator ${given.separator}; choose another separator`,
        'warning',
      )
  return items.join(given.separator)
}
