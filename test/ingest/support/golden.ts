import { type Decoded, NOW } from './decode.js'
import type { Sent } from './encode.js'

const T = NOW - 60_000

/** What every format must make of what a sender means, whatever the bytes. */
export const GOLDEN: { what: string; sent: Sent; stored: Omit<Decoded, 'time' | 'value'> }[] = [
  {
    what: 'a label becomes an attribute of an entity of category CUSTOM',
    sent: { metric: 'cpu_user', labels: { region: 'eu' }, time: T, value: 1.5 },
    stored: { metric: 'cpu_user', category: 'CUSTOM', entityName: 'region=eu', attributes: { region: 'eu' } },
  },
  {
    what: 'host becomes hostname',
    sent: { metric: 'load', labels: { host: 'a1' }, time: T + 1, value: 0.25 },
    stored: { metric: 'load', category: 'CUSTOM', entityName: 'hostname=a1', attributes: { hostname: 'a1' } },
  },
  {
    what: 'nodename becomes hostname',
    sent: { metric: 'load', labels: { nodename: 'a2' }, time: T, value: -0.25 },
    stored: { metric: 'load', category: 'CUSTOM', entityName: 'hostname=a2', attributes: { hostname: 'a2' } },
  },
  {
    what: 'hostname is stronger than host, which stays as it is',
    sent: { metric: 'load', labels: { host: 'ip-1', hostname: 'a3' }, time: T, value: 3 },
    stored: {
      metric: 'load',
      category: 'CUSTOM',
      entityName: 'host=ip-1,hostname=a3',
      attributes: { host: 'ip-1', hostname: 'a3' },
    },
  },
  {
    what: 'the label category is the category, in upper case',
    sent: { metric: 'used', labels: { category: 'disk', device: 'sda' }, time: T, value: 1e12 },
    stored: { metric: 'used', category: 'DISK', entityName: 'device=sda', attributes: { device: 'sda' } },
  },
  {
    what: 'the label entityName names the entity',
    sent: { metric: 'used', labels: { entityName: 'my disk', device: 'sdb' }, time: T, value: 0 },
    stored: { metric: 'used', category: 'CUSTOM', entityName: 'my disk', attributes: { device: 'sdb' } },
  },
  {
    what: 'metric names are folded to what tsquery can name',
    sent: { metric: 'Node.CPU-seconds:total', labels: { a: '1' }, time: T, value: 1e-300 },
    stored: {
      metric: 'node_cpu_seconds_total',
      category: 'CUSTOM',
      entityName: 'a=1',
      attributes: { a: '1' },
    },
  },
  {
    what: 'the order of labels does not matter, and names are sorted',
    sent: { metric: 'm', labels: { b: '2', a: '1' }, time: T, value: 9_007_199_254_740_991 },
    stored: { metric: 'm', category: 'CUSTOM', entityName: 'a=1,b=2', attributes: { a: '1', b: '2' } },
  },
  {
    what: 'values of labels are taken as they are, whatever they hold',
    sent: { metric: 'm', labels: { path: '/a b,c=d', name: 'Zürich ☃ 🐑' }, time: T, value: -1e-9 },
    stored: {
      metric: 'm',
      category: 'CUSTOM',
      entityName: 'name=Zürich ☃ 🐑,path=/a b\\,c\\=d',
      attributes: { path: '/a b,c=d', name: 'Zürich ☃ 🐑' },
    },
  },
  {
    what: 'a counter of an application on a host, Hadoop style',
    sent: {
      metric: 'dfs.datanode.BytesWritten',
      labels: { hostname: 'dn1', appid: 'datanode' },
      time: T,
      value: 1e15,
    },
    stored: {
      metric: 'dfs_datanode_byteswritten',
      category: 'CUSTOM',
      entityName: 'appid=datanode,hostname=dn1',
      attributes: { appid: 'datanode', hostname: 'dn1' },
    },
  },
  {
    what: 'an instance of a plugin, collectd style',
    sent: {
      metric: 'cpu',
      labels: { host: 'c1', plugin_instance: '0', type_instance: 'idle' },
      time: T,
      value: 98.5,
    },
    stored: {
      metric: 'cpu',
      category: 'CUSTOM',
      entityName: 'hostname=c1,plugin_instance=0,type_instance=idle',
      attributes: { hostname: 'c1', plugin_instance: '0', type_instance: 'idle' },
    },
  },
  {
    what: 'a sample without labels belongs to the entity named as its category',
    sent: { metric: 'alone', labels: {}, time: T, value: 42 },
    stored: { metric: 'alone', category: 'CUSTOM', entityName: 'custom', attributes: {} },
  },
  {
    what: 'many samples of one series: first',
    sent: { metric: 'many', labels: { k: 'v' }, time: T, value: 0.1 },
    stored: { metric: 'many', category: 'CUSTOM', entityName: 'k=v', attributes: { k: 'v' } },
  },
  {
    what: 'many samples of one series: second',
    sent: { metric: 'many', labels: { k: 'v' }, time: T + 10_000, value: 123456.789 },
    stored: { metric: 'many', category: 'CUSTOM', entityName: 'k=v', attributes: { k: 'v' } },
  },
]
