/** Posts one notification as LivePerson does. */
import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { json } from 'node:stream/consumers'
import { isObject } from '../webhooks/simplify/lenient.ts'
import { type ConnectOptions, connectionTo, type Failure, timeUp, toFailure } from './probe.ts'

export type WebhookAnswer = {
  status: number
  /** From the post to the head of the answer. */
  ms: number
  /** The problem's code, if the answer is one. */
  code?: string
  requestId?: string
}

/** Follows no redirect. */
export async function postNotification(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  connectOptions: ConnectOptions,
  timeoutMs: number,
): Promise<WebhookAnswer | Failure> {
  const connection = await connectionTo(url, connectOptions)
  if ('code' in connection) return connection
  const request = url.startsWith('https:') ? requestTls : requestPlain
  const signal = AbortSignal.timeout(timeoutMs)
  const startedAt = performance.now()
  const options = { ...connection, method: 'POST', headers, signal }
  return new Promise((resolve) => {
    const outgoing = request(url, options, (incoming) => {
      const ms = Math.round(performance.now() - startedAt)
      const status = Number(incoming.statusCode)
      json(incoming)
        .catch(() => undefined)
        .then((answer) => resolve({ status, ms, ...problemOf(answer) }))
    })
    outgoing.on('error', (error) => {
      resolve(signal.aborted ? timeUp(timeoutMs) : toFailure(error))
    })
    outgoing.end(body)
  })
}

function problemOf(answer: unknown): Pick<WebhookAnswer, 'code' | 'requestId'> {
  if (!isObject(answer)) return {}
  const { code, requestId } = answer
  return {
    ...(typeof code === 'string' && { code }),
    ...(typeof requestId === 'string' && { requestId }),
  }
}
