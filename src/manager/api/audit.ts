/** A change, or the try of one, to be kept for as long as the deployment is. */
export interface AuditEvent {
  at: Date
  user: string
  address: string
  /** What was done, such as `PUT /clusters/{clusterName}` or a command's name. */
  command: string
  /** What it was done to: the path, without the API's version. */
  resource: string
  service: string | undefined
  text: string
  /** False: the user lacked the right, or the login failed. */
  allowed: boolean
}

export type Audit = (event: AuditEvent) => Promise<void>
