import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { invalid } from './errors.js'

/** In URLs, so without slashes; people give clusters names with spaces. */
export function checkClusterName(name: string, what = 'cluster'): string {
  if (name.length === 0 || name.length > 255 || /[\p{Cc}/\\%?#]/u.test(name) || name.trim() !== name)
    throw invalid(
      `"${name.slice(0, 80)}" cannot be the name of a ${what}: it needs 1 to 255 characters, none of / \\ % ? #, and no space at its ends.`,
    )
  return name
}

/** Services, roles and groups: in folder names too, so letters, digits, `_`, `.` and `-`. */
export function checkName(name: string, what: string, max = 128): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name) || name.length > max)
    throw invalid(
      `"${name.slice(0, 80)}" cannot be the name of a ${what}: it needs 1 to ${max} letters, digits, "_", "." and "-", and starts with none of the last two.`,
    )
  return name
}

export function checkDisplayName(name: string, what: string): string {
  if (name.trim() === '' || name.length > 255 || /\p{Cc}/u.test(name))
    throw invalid(`The display name of a ${what} needs 1 to 255 printable characters.`)
  return name
}

/** As Cloudera Manager has them since version 6: `<service>-<TYPE>-<32 hexadecimal digits>`. */
export function generatedRoleName(serviceName: string, roleType: string): string {
  return `${serviceName}-${roleType}-${randomBytes(16).toString('hex')}`
}

/**
 * A name of the form of the generated ones may only be given where service and type in it are right: nobody should have to
 * wonder.
 */
export function checkRoleName(name: string, serviceName: string, roleType: string): string {
  checkName(name, 'role', 255)
  if (/-[0-9a-f]{32}$/.test(name) && !name.startsWith(`${serviceName}-${roleType}-`))
    throw invalid(
      `"${name}" has the form of a generated name, of another service or role type; leave the name out, or give another.`,
    )
  return name
}

export function baseGroupName(serviceName: string, roleType: string): string {
  return `${serviceName}-${roleType}-BASE`
}

/** Like a path, as in Hadoop's topology: `/default`, `/row1/rack2`. */
export function checkRackId(rack: string): string {
  if (!/^(\/[A-Za-z0-9_.-]+)+$/.test(rack) || rack.length > 255)
    throw invalid(`"${rack.slice(0, 80)}" is not a rack: it looks like /default or /row1/rack2.`)
  return rack
}

/** Empty: not known yet. */
export function checkIpAddress(address: string): string {
  if (address !== '' && isIP(address) === 0) throw invalid(`"${address.slice(0, 80)}" is not an IP address.`)
  return address
}

export function checkHostname(name: string): string {
  if (!/^[A-Za-z0-9]([A-Za-z0-9._-]{0,252})$/.test(name))
    throw invalid(`"${name.slice(0, 80)}" is not a host name.`)
  return name
}
