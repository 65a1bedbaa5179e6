/** What can be said without a file of settings: one mail server and one SNMP manager, which get all alerts. */
export interface SimpleSettings {
  /** `HOST` or `HOST:PORT`; empty: no mail. */
  mailServer: string
  /** `starttls`, `tls`, `opportunistic` or `none`. */
  mailTls: string
  mailUser: string
  /** The variable of the environment that holds the password; empty: none. */
  mailPasswordEnv: string
  mailFrom: string
  /** Addresses, with commas between them. */
  mailTo: string
  /** `HOST` or `HOST:PORT`; empty: no notifications. SNMP v2c informs. */
  snmpServer: string
  /** The variable that holds the community; empty: `public`. */
  snmpCommunityEnv: string
}

const PORT = /:(\d{1,5})$/

/**
 * As a file of settings would say it, for `readSettings`, which finds what is wrong with it; undefined where nothing is set.
 *
 *     simpleSettings({ …, mailServer: 'mail.example.com', mailTo: 'ops@example.com' })
 *     // { receivers: [{ name: 'mail', type: 'email', … }], defaultReceivers: ['mail'] }
 */
export function simpleSettings(given: SimpleSettings): object | undefined {
  const receivers: { name: string }[] = []
  if (given.mailServer !== '') {
    const { host, port } = placeOf(given.mailServer)
    const to = given.mailTo
      .split(',')
      .map((each) => each.trim())
      .filter(Boolean)
    const mail = {
      name: 'mail',
      type: 'email',
      from: given.mailFrom,
      // Nobody to write to is a mistake, and is named as one.
      ...(to.length > 0 ? { to } : {}),
      smtp: {
        host,
        ...(port === undefined ? {} : { port }),
        tls: given.mailTls,
        ...(given.mailUser === '' ? {} : { user: given.mailUser }),
        ...(given.mailPasswordEnv === '' ? {} : { password: { env: given.mailPasswordEnv } }),
      },
    }
    receivers.push(mail)
  }
  if (given.snmpServer !== '') {
    const { host, port = 162 } = placeOf(given.snmpServer)
    const snmp = {
      name: 'snmp',
      type: 'snmp',
      version: '2c',
      ...(given.snmpCommunityEnv === ''
        ? { community: 'public' }
        : { community: { env: given.snmpCommunityEnv } }),
      targets: [{ host, port }],
    }
    receivers.push(snmp)
  }
  if (receivers.length === 0) return undefined
  return { receivers, defaultReceivers: receivers.map(({ name }) => name) }
}

function placeOf(text: string): { host: string; port?: number } {
  const port = PORT.exec(text)?.[1]
  return port === undefined ? { host: text } : { host: text.replace(PORT, ''), port: Number(port) }
}
