import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request } from 'node:http'
import { Agent as HttpsAgent, request as secureRequest } from 'node:https'
import type { Schedule } from '../interface.ts'

/** LivePerson gives 5 s to connect and 5 s to answer. Source: webhooks pages, notification protocol. */
const connectMs = 5_000
const answerMs = 5_000
const maxSockets = 64
const maxAnswerBytes = 16 * 2 ** 10

export type PostResult = { status: number; answer: string } | { error: string }

export type Post = {
  /** Never rejects. */
  send: (url: URL, headers: Record<string, string>, body: string) => Promise<PostResult>
  /** Ends the connections and what is under way. */
  stop: () => void
}

/** Posts to the app's endpoint as LivePerson does. Follows no redirect. */
export function createPost(schedule: Schedule): Post {
  const options = { keepAlive: true, maxSockets }
  const agents = { 'http:': new HttpAgent(options), 'https:': new HttpsAgent(options) }
  const underWay = new Set<ClientRequest>()

  return {
    send: (url, headers, body) =>
      new Promise((resolve) => {
        const isSecure = url.protocol === 'https:'
        const outgoing = (isSecure ? secureRequest : request)(url, {
          method: 'POST',
          agent: agents[isSecure ? 'https:' : 'http:'],
          headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        })
        underWay.add(outgoing)
        let stopClock = schedule(
          () => outgoing.destroy(new Error('no connection within 5 s')),
          connectMs,
        )

        function settle(result: PostResult): void {
          stopClock()
          underWay.delete(outgoing)
          resolve(result)
        }
        function connected(): void {
          stopClock()
          stopClock = schedule(() => outgoing.destroy(new Error('no answer within 5 s')), answerMs)
        }

        outgoing.once('socket', (socket) => {
          if (socket.connecting) socket.once(isSecure ? 'secureConnect' : 'connect', connected)
          else connected()
        })
        outgoing.once('error', (error) => settle({ error: String(error).replace(/^Error: /, '') }))
        outgoing.once('response', (incoming) => {
          void readAnswer(incoming).then(settle)
        })
        outgoing.end(body)
      }),
    stop() {
      for (const outgoing of underWay) outgoing.destroy(new Error('the sandbox stops'))
      for (const agent of Object.values(agents)) agent.destroy()
    },
  }
}

/** Keeps the first 16 KiB, enough for people. */
async function readAnswer(incoming: IncomingMessage): Promise<PostResult> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of incoming) {
      if (bytes < maxAnswerBytes) chunks.push(Buffer.from(chunk))
      bytes += chunk.length
    }
  } catch (error) {
    return { error: `the answer broke off: ${error}` }
  }
  const answer = Buffer.concat(chunks).subarray(0, maxAnswerBytes).toString()
  return { status: Number(incoming.statusCode), answer }
}
