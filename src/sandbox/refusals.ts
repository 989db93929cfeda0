/** LiveEngage's own error forms, and the one way a sandbox handler refuses: throw a Refusal. */

/** An answer other than success; the sandbox's error handler sends it as it is. */
export class Refusal extends Error {
  readonly status: number
  readonly body: unknown

  constructor(status: number, body: unknown) {
    super(`refused with ${status}`)
    this.status = status
    this.body = body
  }
}

/** Error form A, of the runtime: string `code`. Source: lp-devassist-connectors. */
export function badRequest(msg: string, reqId?: string): Refusal {
  return new Refusal(400, { code: 'BAD_REQUEST', body: { msg }, reqId })
}

/** The answer to an event or a second close after the close. Source: lp-devassist-connectors, which leaves the status open. */
export function conversationClosed(reqId: string): Refusal {
  return badRequest('Bad Request, Conversation is close', reqId)
}

export type PlatformError = {
  code: number
  title: string
  details?: string
  errorCode?: number
  reqId?: string
}

/** Error form B, of the platform: numeric `code`. Source: Authorization page; release notes of 2019-02-04. */
export function platformError({ code, reqId, ...body }: PlatformError): Refusal {
  return new Refusal(code, { kind: 'resp', code, reqId, body, type: '.ReqBody$ErrorResp' })
}

/** Source: Authorization page; the only 401 that a new AppJWT heals. */
export function appJwtInvalid(): Refusal {
  return platformError({
    code: 401,
    title: 'Invalid AppJWT',
    details: 'AppJWT has expired or is invalid',
    errorCode: 40102,
  })
}

/** For a status that is documented while its body is not: the words are the sandbox's own. */
export function undocumented(status: number, message: string): Refusal {
  return new Refusal(status, { sandbox: message })
}
