import { useEffect, useState } from 'preact/hooks'
import { fetchUser, loginAddress, logOut } from '../api/session.js'

/** Who is logged in, and the way in or out: changes need a login, and so does whatever the API has beyond health and charts. */
export function Account() {
  const [user, setUser] = useState<string | null>(null)
  useEffect(() => {
    void fetchUser().then(setUser)
  }, [])
  const leave = () => {
    void logOut().then(() => location.reload())
  }
  if (user !== null)
    return (
      <button type="button" class="button quiet" onClick={leave} title={`Log out ${user}`}>
        {user}: log out
      </button>
    )
  return (
    <a
      class="button quiet"
      href="login"
      onClick={(event) => {
        // Only now: what the page shows, and so its address, changes.
        event.currentTarget.href = loginAddress()
      }}
    >
      Log in
    </a>
  )
}
