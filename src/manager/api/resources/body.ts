import { type Host, hostNamed, type Model } from '../../model/index.js'
import type { Model as ApiModel } from '../contract/types.js'
import { badRequest } from '../http/errors.js'

/** A field that has to be there; `where` names it, as in `items[0].name`. */
export function needed<T>(value: T | undefined, where: string): T {
  if (value === undefined || value === '') throw badRequest(`${where}: must be there.`)
  return value
}

export function hostByRef(model: Model, ref: ApiModel<'ApiHostRef'> | undefined, where: string): Host {
  return hostNamed(model, needed(ref?.hostId ?? ref?.hostname, `${where}.hostId`))
}

/** Hosts by references; either field is enough. */
export const hostsByRef = (model: Model, refs: readonly ApiModel<'ApiHostRef'>[]): Host[] =>
  refs.map((ref, i) => hostByRef(model, ref, `items[${i}]`))
