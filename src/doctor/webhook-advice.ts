/** Explains what came back from a self-test of the webhook listener, and says what to do about it. */
import type { Outcome } from './check.ts'
import type { WebhookAnswer } from './webhook-post.ts'

/** LivePerson may disable an app whose endpoint is slower for two minutes. Source: webhooks pages, notification protocol. */
const tolerableMs = 2_500

const byStatus: Readonly<Record<number, string>> = {
  401: 'The proxy’s log names the check that failed. Either something on the way drops or changes the headers x-liveperson-…, or the running proxy has another client secret. If the log has no such request, something in front of the proxy asks for a login, which LivePerson cannot give.',
  404: 'No webhook listener answers there. Let the URL lead to POST /webhooks/liveperson of WEBHOOK_PORT.',
  405: 'Let the URL lead to POST /webhooks/liveperson of WEBHOOK_PORT.',
  415: 'Something on the way encodes the body, or adds a Content-Encoding. Pass both on as they are.',
  503: 'The proxy has no room, is stopping, or cannot be reached from the ingress. Try again, then see the ingress’s log.',
}

const otherRemedy =
  'LivePerson takes 200 and 201 as success, and nothing else. See who answers there: the ingress, or the proxy (its log has each notification).'

const redirectRemedy = 'Use the final URL, without a redirect.'

/** For an answer other than 200 to a correctly signed notification. */
export function explainAnswer({ status, code, requestId }: WebhookAnswer): Outcome {
  const problem = code === undefined ? '' : ` ${code}`
  const id = requestId === undefined ? '' : `, requestId ${requestId}`
  const isRedirect = status >= 300 && status < 400
  return {
    status: 'fail',
    detail: `a signed notification was answered ${status}${problem}${id}`,
    remedy: byStatus[status] ?? (isRedirect ? redirectRemedy : otherRemedy),
  }
}

/** If plain text arrives. @param changed what does not, with the status of the answer */
export function explainChanges(changed: readonly string[]): Outcome {
  return {
    status: 'fail',
    detail: `plain text arrives as it is, but not ${changed.join(', ')}`,
    remedy:
      'After a 401, something on the way changes the bytes of a body, and the signature no longer matches: pass bodies on as they are. After a 413, its size limit is too low: 1 MiB is enough.',
  }
}

/** If all that is signed arrives. @param forged the status of a notification with a wrong signature */
export function judge(forged: number, slowestMs: number, isPrivate: boolean): Outcome {
  const arrives = `bytes and headers arrive as they are; the slowest of five notifications took ${slowestMs} ms`
  if (forged !== 401) {
    return {
      status: 'fail',
      detail: `a wrong signature was answered ${forged} in place of 401`,
      remedy: 'Something other than the proxy answers, and it does not verify signatures.',
    }
  }
  const detail = `${arrives}; a wrong signature is refused`
  if (slowestMs > tolerableMs) {
    const remedy =
      'LivePerson may disable an endpoint whose answers take more than 2.5 s over two minutes. Find what is slow on the way.'
    return { status: 'warn', detail, remedy }
  }
  if (!isPrivate) {
    return { status: 'warn', detail, remedy: 'LivePerson posts over TLS only. Use an https URL.' }
  }
  return { status: 'ok', detail }
}
