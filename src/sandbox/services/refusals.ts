/** LiveEngage's own error forms, and the one way a sandbox handler refuses: throw a Refusal. */

/** An answer other than success; the sandbox's error handler sends it as it is. */
export class Refusal extends Error {
  readonly status: number
  readonly body: unknown
  /** The reason, for the developer. The answer is LiveEngage's. */
  readonly rule: string

  constructor(status: number, body: unknown, rule: string) {
    super(`refused with ${status}: ${rule}`)
    this.status = status
    this.body = body
    this.rule = rule
  }
}

/** Error form A, of the runtime: string `code`. Source: lp-devassist-connectors. */
export function badRequest(rule: string, reqId?: string, msg = 'Bad Request'): Refusal {
  return new Refusal(400, { code: 'BAD_REQUEST', body: { msg }, reqId }, rule)
}

/** The answer to an event or a second close after the close. Source: lp-devassist-connectors, which leaves the status open. */
export function conversationClosed(reqId: string): Refusal {
  return badRequest('the conversation is closed', reqId, 'Bad Request, Conversation is close')
}

export type PlatformError = {
  code: number
  title: string
  details?: string
  errorCode?: number
  reqId?: string
}

/** Error form B, of the platform: numeric `code`. Source: Authorization page; release notes of 2019-02-04. */
export function platformError(error: PlatformError, rule: string): Refusal {
  const { code, reqId, ...body } = error
  return new Refusal(code, { kind: 'resp', code, reqId, body, type: '.ReqBody$ErrorResp' }, rule)
}

/** Source: Authorization page; the only 401 that a new AppJWT heals. */
export function appJwtInvalid(rule: string): Refusal {
  return platformError(
    {
      code: 401,
      title: 'Invalid AppJWT',
      details: 'AppJWT has expired or is invalid',
      errorCode: 40102,
    },
    rule,
  )
}

/** Source: release notes of 2019-02-04. */
export function accessFailed(rule: string, reqId?: string): Refusal {
  return platformError(
    {
      code: 502,
      title: 'Unable to access resource',
      details: 'Failed to connect to AC for setting delay',
      errorCode: 50201,
      ...(reqId === undefined ? {} : { reqId }),
    },
    rule,
  )
}

/** For a status that is documented without its body: the text is the sandbox's own. */
export function undocumented(status: number, message: string): Refusal {
  return new Refusal(status, { sandbox: message }, message)
}

/** "According to OAuth 2.0" is all that is documented of Sentinel's errors: RFC 6749, section 5.2. */
export function oauthError(status: number, error: string, error_description: string): Refusal {
  return new Refusal(status, { error, error_description }, error_description)
}

/** Form and code of a sibling method; this one's are not documented. Source: developer-center issue 198. */
export function idpError(status: number, rule: string): Refusal {
  return new Refusal(status, { internalErrorCode: '9007' }, rule)
}
