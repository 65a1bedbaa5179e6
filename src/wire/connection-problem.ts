/** Where a person says which authorities are trusted: a flag such as `--manager-ca`. */
export interface ConnectionContext {
  url: string | URL
  caOption: string
}

/** OpenSSL's words for: nobody whom we trust has signed it. */
const NOT_TRUSTED = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
])

/**
 * What is wrong with a certificate, or with the one side speaking TLS and the other not, and what to do; undefined for other
 * errors, such as that nothing answers. Waiting mends none of these.
 *
 * ```ts
 * tlsProblem(error, { url: 'https://m1:7180', caOption: '--manager-ca' })
 * // 'the certificate of https://m1:7180 is from an authority that is not trusted here: …'
 * ```
 */
export function tlsProblem(error: unknown, { url, caOption }: ConnectionContext): string | undefined {
  const { code, host, cert, message } = error as NodeJS.ErrnoException & {
    host?: string
    cert?: { subjectaltname?: string; subject?: { CN?: string } }
  }
  const { origin, protocol } = new URL(url)
  if (code === undefined) return undefined
  if (NOT_TRUSTED.has(code))
    return `the certificate of ${origin} is from an authority that is not trusted here (${message}): name the file with the authority's certificate by ${caOption}; and the server is to send the certificates between, if there are any`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = cert?.subjectaltname ?? (cert?.subject?.CN ? `CN ${cert.subject.CN}` : 'no name at all')
    return `the certificate of ${origin} is not for ${host ?? 'that name'}, but for ${names}: use such a name, or have the certificate made for this one`
  }
  if (code === 'CERT_HAS_EXPIRED')
    return `the certificate of ${origin} has expired by the clock of this machine (${new Date().toISOString()}): renew it, or set the clock`
  if (code === 'CERT_NOT_YET_VALID')
    return `the certificate of ${origin} is not valid yet by the clock of this machine (${new Date().toISOString()}): set the clock`
  // Of the codes that begin so, the ones that an http server causes differ between versions of OpenSSL.
  if (protocol === 'https:' && (code === 'EPROTO' || code.startsWith('ERR_SSL_')))
    return `${origin} does not speak TLS as it should (${reasonOf(error)}); perhaps it is http:// there`
  if (code.startsWith('CERT_') || code.startsWith('ERR_TLS_'))
    return `the certificate of ${origin} cannot be used: ${message}`
  return undefined
}

/** As `tlsProblem`, else the error's own words. */
export function connectionProblem(error: unknown, context: ConnectionContext): string {
  const problem = tlsProblem(error, context)
  if (problem) return problem
  const { code, message } = error as NodeJS.ErrnoException
  const { origin, protocol } = new URL(context.url)
  if (protocol === 'http:' && code === 'ECONNRESET')
    return `${origin} closed the connection without an answer (${message}); perhaps it is https:// there`
  return message || String(error)
}

/** What OpenSSL says, without where in its source it does. */
function reasonOf(error: unknown): string {
  const { reason, message } = error as { reason?: string; message: string }
  return reason ?? /routines:[^:]*:([^:]+):/.exec(message)?.[1] ?? message.slice(0, 200)
}
