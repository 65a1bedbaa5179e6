import type { Handlers } from '../http/call.js'
import { ApiError } from '../http/errors.js'

export const toolResources: Handlers = {
  'GET /tools/echo': ({ query }) => ({ message: query.message }),
  'GET /tools/echoError': ({ query }) => {
    throw new ApiError(500, query.message)
  },
}
