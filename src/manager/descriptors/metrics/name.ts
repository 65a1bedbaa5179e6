/**
 * The name under which a counter is queried: without `_num_ops` or `_count`, and with `_rate`
 * (`foo_count` → `foo_rate`).
 */
export function rateName(counter: string): string {
  return `${counter.replace(/_num_ops$/, '').replace(/_count$/, '')}_rate`
}
