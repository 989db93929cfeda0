/** Checks the path from LivePerson to the webhook listener, with notifications signed as LivePerson signs. */
import { isLoopbackUrl } from '../config/events-url.ts'
import { explainFailure } from './advice.ts'
import { type Check, noAccount, type Outcome } from './check.ts'
import type { Failure } from './probe.ts'
import { reach } from './reach.ts'
import { headersOf, oddBodies, plainBody } from './self-test.ts'
import { explainAnswer, explainChanges, judge } from './webhook-advice.ts'
import { postNotification, type WebhookAnswer } from './webhook-post.ts'

type Post = (body: string, signedBody?: string) => Promise<WebhookAnswer | Failure>

export const checkWebhookUrl: Check = {
  name: 'webhook-url',
  async examine({ config, accountId, credentials, webhookUrl }) {
    if (webhookUrl === undefined) {
      const detail = 'not requested; --webhook-url URL posts a signed self-test to it'
      return { status: 'skip', detail }
    }
    if (accountId === undefined) return noAccount
    if (credentials === undefined) {
      return { status: 'skip', detail: 'the proxy has no client secret to sign a self-test with' }
    }
    const { connectTimeoutMs, requestTimeoutMs } = config
    const { origin, host } = new URL(webhookUrl)
    const reached = await reach(origin, config)
    if (reached.status !== 'ok') return reached
    const isPrivate = webhookUrl.startsWith('https:') || isLoopbackUrl(webhookUrl)
    return selfTest(host, isPrivate, (body, signedBody = body) => {
      const headers = headersOf(signedBody, accountId, credentials)
      return postNotification(
        webhookUrl,
        headers,
        body,
        config,
        connectTimeoutMs + requestTimeoutMs,
      )
    })
  },
}

async function selfTest(host: string, isPrivate: boolean, post: Post): Promise<Outcome> {
  const plain = await post(plainBody)
  if ('message' in plain) return explainFailure(plain, host)
  if (plain.status !== 200) return explainAnswer(plain)
  const changed: string[] = []
  let slowestMs = plain.ms
  for (const [name, body] of Object.entries(oddBodies)) {
    const answer = await post(body)
    if ('message' in answer) return explainFailure(answer, host)
    slowestMs = Math.max(slowestMs, answer.ms)
    if (answer.status !== 200) changed.push(`${name} (${answer.status})`)
  }
  if (changed.length > 0) return explainChanges(changed)
  const forged = await post(plainBody, `${plainBody} `)
  if ('message' in forged) return explainFailure(forged, host)
  return judge(forged.status, slowestMs, isPrivate)
}
