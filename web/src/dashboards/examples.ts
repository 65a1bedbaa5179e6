/** Statements to begin with; each works on a host with an agent and nothing else. */

export interface Example {
  readonly title: string
  readonly query: string
}

export const EXAMPLES: readonly Example[] = [
  { title: 'CPU of every host', query: 'select cpu_percent where category = HOST' },
  {
    title: 'A rate from a counter',
    query: 'select dt0(total_cpu_user), dt0(total_cpu_system) where category = HOST',
  },
  {
    title: 'Memory in use, in percent, by its own name',
    query:
      'select 100 * physical_memory_used / physical_memory_total as "memory used %" where category = HOST',
  },
  {
    title: 'Load, smoothed over five minutes, beside the load itself',
    query: 'select load_1, moving_avg(load_1, 300) as "5 min average" where category = HOST',
  },
  {
    title: 'File systems that are more than half full',
    query:
      'select 100 * capacity_used / capacity as "used %" where category = FILESYSTEM and last(capacity_used / capacity) > 0.5',
  },
  {
    title: 'Network of all interfaces but the loopback',
    query:
      'select bytes_receive_rate, bytes_transmit_rate where category = NETWORK_INTERFACE and iface rlike "^(?!lo$).*"',
  },
  {
    title: 'Two statements: disks and what they cost the CPU',
    query:
      'select read_bytes_rate, write_bytes_rate where category = DISK;\nselect cpu_iowait_rate where category = HOST',
  },
]
