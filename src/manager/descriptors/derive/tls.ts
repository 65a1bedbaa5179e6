import { type Parameter, parameter } from '../model/parameter.js'
import type { SslClient, SslServer } from '../model/role.js'

/**
 * Parameters made for TLS (csd.md §2.11). One without a `…ConfigName` is usable in templates and written to no file.
 */
export function tlsParameters(server: SslServer | undefined, client: SslClient | undefined): Parameter[] {
  return [...(server ? serverParameters(server) : []), ...(client ? clientParameters(client) : [])]
}

function serverParameters(server: SslServer): Parameter[] {
  const { options } = server
  const out: Parameter[] = []
  if (server.enabledOptionality === 'optional')
    out.push(
      parameter({
        name: 'ssl_enabled',
        label: 'Enable TLS',
        description: 'Serve over TLS.',
        type: 'boolean',
        default: 'false',
        ...common('enabled', options),
      }),
    )
  if (server.keystoreFormat === 'pem') {
    out.push(
      location('ssl_server_privatekey_location', 'Private key file', 'privateKeyLocation', options),
      secret('ssl_server_privatekey_password', 'Private key password', 'privateKeyPassword', options),
      location('ssl_server_certificate_location', 'Certificate file', 'certificateLocation', options),
      location('ssl_server_ca_certificate_location', 'CA certificate file', 'caCertificateLocation', options),
    )
    return out
  }
  out.push(
    location('ssl_server_keystore_location', 'Keystore file', 'keystoreLocation', options),
    secret('ssl_server_keystore_password', 'Keystore password', 'keystorePassword', options),
  )
  if (server.keyPasswordOptionality !== 'notExposed')
    out.push(secret('ssl_server_keystore_keypassword', 'Key password', 'keystoreKeyPassword', options))
  return out
}

function clientParameters({ truststoreFormat, options }: SslClient): Parameter[] {
  const file = location('ssl_client_truststore_location', 'Truststore file', 'truststoreLocation', options)
  if (truststoreFormat === 'pem') return [file]
  return [
    file,
    secret('ssl_client_truststore_password', 'Truststore password', 'truststorePassword', options),
  ]
}

type Options = Readonly<Record<string, string>>

function common(field: string, options: Options) {
  const configName = options[`${field}ConfigName`]
  return {
    scope: 'ROLE',
    purpose: 'TLS',
    emitted: configName !== undefined,
    ...(configName === undefined ? {} : { configName }),
  } as const
}

function location(name: string, label: string, field: string, options: Options): Parameter {
  return parameter({
    name,
    label,
    type: 'path',
    pathType: 'localDataFile',
    default: options[`${field}Default`],
    ...common(field, options),
  })
}

function secret(name: string, label: string, field: string, options: Options): Parameter {
  return parameter({
    name,
    label,
    type: 'password',
    sensitive: true,
    credentialProviderCompatible: options[`${field}CredentialProviderCompatible`] === 'true',
    scriptBased: options[`${field}ScriptBased`] === 'true',
    ...common(field, options),
  })
}
