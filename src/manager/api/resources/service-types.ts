import { problemText } from '../../descriptors/index.js'
import type { Model as ApiModel } from '../contract/types.js'
import type { Handlers } from '../http/call.js'
import { notFound } from '../http/errors.js'
import type { Resources } from './ports.js'

/** The installed service types, and those that are refused, with the reasons; reloaded on request. */
export function serviceTypeResources(resources: Resources): Handlers {
  const { core } = resources

  function list(): ApiModel<'BwServiceTypeList'> {
    const { descriptors, refused, warnings } = core.descriptors()
    const usable = descriptors.map(({ type, label, version, origin }) => ({
      type,
      label,
      version,
      name: origin.name,
      path: origin.path,
      builtIn: origin.builtIn,
      usable: true,
      problems: warnings.filter(({ bundle }) => bundle === origin.path).map(problemText),
    }))
    const others = refused.map(({ type, name, path, problems }) => ({
      type,
      name,
      path,
      builtIn: false,
      usable: false,
      problems: problems.map(problemText),
    }))
    return { items: [...usable, ...others] }
  }

  return {
    'GET /cm/serviceTypes': list,
    async 'POST /cm/serviceTypes/reload'(call) {
      if (!resources.reloadServiceTypes) throw notFound('Service types cannot be reloaded here.')
      call.audit.command = 'reloadServiceTypes'
      await resources.reloadServiceTypes()
      return list()
    },
  }
}
