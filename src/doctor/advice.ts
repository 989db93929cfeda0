/** What failed, in the words of an operator, and what to do about it. */
import type { Certificate, Failure } from '../liveengage/probe.ts'
import { describeCause } from '../logger.ts'
import { Problem, type ProblemCode, problems } from '../problems.ts'
import type { Outcome } from './check.ts'

/** By the code of Node or OpenSSL; the first that matches. */
const byCode: readonly (readonly [RegExp, string])[] = [
  [
    /^ENOTFOUND$/,
    'The resolver of this machine knows no such name: check the name and the DNS of the container or host.',
  ],
  [
    /^(EAI_AGAIN|ETIMEOUT)$/,
    'The resolver does not answer: check the DNS of the container or host.',
  ],
  [
    /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/,
    'Check the clock of this machine first; if it is right, whoever runs the host has to renew the certificate.',
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'Another host answers under this name: check the DNS, and whether a gateway of your network intercepts TLS.',
  ],
  [
    /SELF_SIGNED|UNABLE_TO|ISSUER|CERT_/,
    'Node.js does not know the issuer. If it is the gateway of your own network that intercepts TLS, name its CA certificate (a PEM file) in NODE_EXTRA_CA_CERTS, in the environment the process starts with; if you do not know the issuer either, do not go on.',
  ],
  [
    /^(EPROTO|ERR_SSL_|HPE_)/,
    'What answers there does not speak TLS, or not this one: check the port, and whether a gateway of your network answers in its place.',
  ],
]

const unreachable =
  'Allow egress to this host and port; the proxy connects by itself and uses no HTTPS_PROXY. CONNECT_TIMEOUT_MS is how long it may take.'

const byProblem: Partial<Record<ProblemCode, string>> = {
  'domain-lookup-failed':
    'If the host it named is LivePerson’s, add it to LP_ALLOWED_HOSTS; else find out who answers for LP_DOMAIN_API_URL. A 5xx may pass.',
  'login-failed':
    'Try again in a minute; if it lasts, ask LivePerson about Sentinel and IDP in the account’s region.',
  'credentials-rejected':
    'Check LP_CLIENT_ID and its secret, or LP_CREDENTIALS_FILE, and that the app is installed in this account with the scope msg.consumer and the grant client_credentials.',
  'rejected-by-liveengage': 'Use another --consumer.',
}

/** Of a probe. */
export function explainFailure(failure: Failure, host: string): Outcome {
  const { code, message, certificate } = failure
  const shown = certificate === undefined ? '' : `; it shows a ${describe(certificate)}`
  const remedy = byCode.find(([pattern]) => pattern.test(code))?.[1] ?? unreachable
  return { status: 'fail', detail: `${host}: ${message} (${code})${shown}`, remedy }
}

export function describe({ issuer, validUntil }: Certificate): string {
  return `certificate by ${issuer}, valid until ${validUntil.toISOString().slice(0, 10)}`
}

/** Of what the proxy's own parts refuse. @throws what is no problem */
export function explainProblem(error: unknown): Outcome {
  if (!(error instanceof Problem)) throw error
  const { code, options } = error
  const { title, remedy } = problems[code]
  const what = options.detail ?? title
  // Only what ran out of time has neither a cause nor a detail.
  const why = describeCause(error) ?? options.detail ?? 'no answer in time'
  return {
    status: 'fail',
    detail: why === what ? what : `${what} (${why})`,
    remedy: byProblem[code] ?? remedy,
  }
}
