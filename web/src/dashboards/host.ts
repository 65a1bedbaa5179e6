import { PERCENT, PLAIN } from '../format/units.js'
import type { Dashboard } from './types.js'

/** One host in detail. */
export const HOST_DASHBOARD: Dashboard = {
  id: 'host',
  title: 'Host',
  charts: [
    {
      id: 'cpu',
      title: 'CPU',
      query:
        'select 100 * cpu_user_rate / cores as "user", 100 * cpu_system_rate / cores as "system", ' +
        '100 * cpu_iowait_rate / cores as "iowait", 100 * cpu_nice_rate / cores as "nice", ' +
        '100 * cpu_soft_irq_rate / cores as "softirq", 100 * cpu_irq_rate / cores as "irq", ' +
        '100 * cpu_steal_rate / cores as "steal" where category = HOST and hostId = $HOSTID',
      kind: 'stack',
      unit: PERCENT,
      top: 100,
    },
    {
      id: 'load',
      title: 'Load average',
      query:
        'select load_1 as "1 min", load_5 as "5 min", load_15 as "15 min", cores where category = HOST and hostId = $HOSTID',
      kind: 'lines',
      unit: PLAIN,
      marks: ['cores'],
    },
    {
      id: 'memory',
      title: 'Memory',
      query:
        'select physical_memory_used as "used", physical_memory_buffers as "buffers", ' +
        'physical_memory_cached as "cached", physical_memory_total as "total" ' +
        'where category = HOST and hostId = $HOSTID',
      kind: 'stack',
      marks: ['total'],
    },
    {
      id: 'swap',
      title: 'Swap',
      query: 'select swap_used as "used", swap_total as "total" where category = HOST and hostId = $HOSTID',
      kind: 'lines',
      marks: ['total'],
    },
    {
      id: 'disk-throughput',
      title: 'Disk throughput',
      query:
        'select read_bytes_rate as "read", write_bytes_rate as "write" where category = DISK and hostId = $HOSTID',
      labels: ['device'],
      kind: 'lines',
    },
    {
      id: 'disk-await',
      title: 'Disk await',
      query: 'select await_time where category = DISK and hostId = $HOSTID',
      labels: ['device'],
      kind: 'lines',
    },
    {
      id: 'disk-utilization',
      title: 'Disk utilization',
      query: 'select utilization where category = DISK and hostId = $HOSTID',
      labels: ['device'],
      kind: 'lines',
      unit: PERCENT,
      top: 100,
    },
    {
      id: 'filesystems',
      title: 'File systems, used',
      query:
        'select 100 * capacity_used / capacity as "used" where category = FILESYSTEM and hostId = $HOSTID',
      labels: ['mountpoint'],
      kind: 'lines',
      unit: PERCENT,
      top: 100,
    },
    {
      id: 'network',
      title: 'Network',
      query:
        'select bytes_receive_rate as "receive", bytes_transmit_rate as "transmit" ' +
        'where category = NETWORK_INTERFACE and hostId = $HOSTID',
      labels: ['iface'],
      kind: 'lines',
    },
  ],
}

/** All hosts side by side: one line a host. */
export const ALL_HOSTS_DASHBOARD: Dashboard = {
  id: 'hosts',
  title: 'All hosts',
  charts: [
    {
      id: 'all-cpu',
      title: 'CPU',
      query: 'select cpu_percent where category = HOST',
      labels: ['hostname'],
      kind: 'lines',
      unit: PERCENT,
      top: 100,
    },
    {
      id: 'all-load',
      title: 'Load per core, 1 min',
      query: 'select load_1 / cores as "load per core" where category = HOST',
      labels: ['hostname'],
      kind: 'lines',
      unit: PLAIN,
    },
    {
      id: 'all-memory',
      title: 'Memory, used',
      query:
        'select 100 * physical_memory_used / physical_memory_total as "memory used" where category = HOST',
      labels: ['hostname'],
      kind: 'lines',
      unit: PERCENT,
      top: 100,
    },
    {
      id: 'all-iowait',
      title: 'CPU, waiting for input and output',
      query: 'select 100 * cpu_iowait_rate / cores as "iowait" where category = HOST',
      labels: ['hostname'],
      kind: 'lines',
      unit: PERCENT,
      top: 100,
    },
    {
      id: 'all-swap',
      title: 'Swap, used',
      query: 'select swap_used where category = HOST',
      labels: ['hostname'],
      kind: 'lines',
    },
    {
      id: 'all-disk',
      title: 'Disk utilization',
      query: 'select utilization where category = DISK',
      labels: ['hostname', 'device'],
      kind: 'lines',
      unit: PERCENT,
      top: 100,
    },
    {
      id: 'all-filesystems',
      title: 'File systems, used',
      query: 'select 100 * capacity_used / capacity as "used" where category = FILESYSTEM',
      labels: ['hostname', 'mountpoint'],
      kind: 'lines',
      unit: PERCENT,
      top: 100,
    },
    {
      id: 'all-receive',
      title: 'Network, received',
      query: 'select bytes_receive_rate where category = NETWORK_INTERFACE',
      labels: ['hostname', 'iface'],
      kind: 'lines',
    },
    {
      id: 'all-transmit',
      title: 'Network, sent',
      query: 'select bytes_transmit_rate where category = NETWORK_INTERFACE',
      labels: ['hostname', 'iface'],
      kind: 'lines',
    },
  ],
}

/** Which hosts there are: one point a host. */
export const HOSTS_QUERY = 'select last(load_1) where category = HOST'
