/** Processor time of this process so far, in milliseconds: unlike the time of day, other processes do not lengthen it. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
