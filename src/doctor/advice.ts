/** Explains a failed check to an operator, and says what to do about it. */
import { type ProblemCode, problems } from '../problems/catalogue.ts'
import { describeCause } from '../problems/cause-text.ts'
import { Problem } from '../problems/problem.ts'
import type { Outcome } from './check.ts'
import type { Certificate, Failure } from './probe.ts'

/** By the error code of Node or OpenSSL. The first match counts. */
const byCode: readonly (readonly [RegExp, string])[] = [
  [
    /^ENOTFOUND$/,
    'The resolver of this machine does not know the name. Check the name and the DNS of the container or host.',
  ],
  [
    /^(EAI_AGAIN|ETIMEOUT)$/,
    'The resolver does not answer. Check the DNS of the container or host.',
  ],
  [
    /^EGRESS_PROXY_407$/,
    'The egress proxy asks for a user and a password. Put them into HTTPS_PROXY: http://user:password@host:port.',
  ],
  [
    /^EGRESS_PROXY_/,
    'The egress proxy does not let the proxy through to this host and port. Ask its operator to allow them. If they can be reached directly, name the host in NO_PROXY.',
  ],
  [
    /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/,
    'Check the clock of this machine first. If it is right, the operator of the host has to renew the certificate.',
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'Another host answers under this name. Check the DNS, and whether a gateway of your network intercepts TLS.',
  ],
  [
    /SELF_SIGNED|UNABLE_TO|ISSUER|CERT_/,
    'Node.js does not trust the issuer. If a gateway of your own network intercepts TLS, set NODE_EXTRA_CA_CERTS to its CA certificate (a PEM file) before the process starts. If you do not know the issuer either, do not continue.',
  ],
  [
    /^(EPROTO|ERR_SSL_|HPE_)/,
    'The server does not speak TLS, or a version of it that Node.js refuses. Check the port, and whether a gateway of your network answers instead.',
  ],
]

const unreachable =
  'Allow egress to this host and port. If your network has an egress proxy, set HTTPS_PROXY. CONNECT_TIMEOUT_MS limits how long a connection may take.'

const byProblem: Partial<Record<ProblemCode, string>> = {
  'domain-lookup-failed':
    'If the named host is LivePerson’s, add it to LP_ALLOWED_HOSTS. Otherwise find out who answers at LP_DOMAIN_API_URL. After a 5xx, try again later.',
  'login-failed':
    'Try again in a minute. If it keeps failing, ask LivePerson about Sentinel and IDP in the account’s region.',
  'credentials-rejected':
    'Check LP_CLIENT_ID and its secret, or LP_CREDENTIALS_FILE. Check that the app is installed in this account with the scope msg.consumer and the grant client_credentials.',
  'rejected-by-liveengage': 'Use another --consumer.',
  'idempotency-store-unavailable':
    'Check STATE_URL, and the network to the store. If your own CA issued its certificate, set NODE_EXTRA_CA_CERTS to the CA’s certificate (a PEM file) before the process starts. A store that refuses is full or read-only, or its user lacks a permission.',
}

/** The outcome of a failed probe. */
export function explainFailure(failure: Failure, host: string): Outcome {
  const { code, message, certificate } = failure
  const shown = certificate === undefined ? '' : `; it presented a ${describe(certificate)}`
  const remedy = byCode.find(([pattern]) => pattern.test(code))?.[1] ?? unreachable
  return { status: 'fail', detail: `${host}: ${message} (${code})${shown}`, remedy }
}

export function describe({ issuer, validUntil }: Certificate): string {
  return `certificate by ${issuer}, valid until ${validUntil.toISOString().slice(0, 10)}`
}

/** The outcome of a problem that the proxy's own parts threw. @throws the error itself if it is no Problem */
export function explainProblem(error: unknown): Outcome {
  if (!(error instanceof Problem)) throw error
  const { code, options } = error
  const { title, remedy } = problems[code]
  const what = options.detail ?? title
  // Only a timeout has neither a cause nor a detail.
  const why = describeCause(error) ?? options.detail ?? 'no answer in time'
  return {
    status: 'fail',
    detail: why === what ? what : `${what} (${why})`,
    remedy: byProblem[code] ?? remedy,
  }
}
