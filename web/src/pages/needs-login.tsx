import { ApiError } from '../api/errors.js'
import { loginAddress } from '../api/session.js'

/** Whether what a page asked for is for those alone who have logged in. */
export const needsLogin = ({ error }: { readonly error: unknown }): boolean =>
  error instanceof ApiError && error.status === 401

export const NeedsLogin = ({ what }: { what: string }) => (
  <p>
    {what} shown to those who have logged in. <a href={loginAddress()}>Log in</a>
  </p>
)
