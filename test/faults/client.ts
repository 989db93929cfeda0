/** A caller of the proxy: one request, one answer, timed. */
import { Agent, request } from 'node:http'
import { performance } from 'node:perf_hooks'
import type { RawAnswer } from './byte-reader.ts'
import type { Watch } from './marks.ts'

export type Answer = {
  status: number
  headers: Readonly<Record<string, unknown>>
  body: string
  /** Of an answer outside 2xx. */
  problem: { code?: string; delivery?: string } | undefined
  /** From the write until the whole answer is there. */
  ms: number
  firstByteMs: number
}

export type Call = {
  method?: string
  path: string
  headers: Record<string, string>
  body?: string
  deadlineMs: number
  /** How long after its deadline an answer is still waited for. */
  graceMs?: number
}

const longGraceMs = 15_000

export class Client {
  private readonly agent: Agent
  private readonly port: number
  private readonly host: string
  private readonly watch: Watch

  /** @param watch sees every answer @param maxSockets connections, beyond which calls wait */
  constructor(
    port: number,
    watch: Watch,
    maxSockets = Number.POSITIVE_INFINITY,
    host = '127.0.0.1',
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets })
    this.port = port
    this.host = host
    this.watch = watch
  }

  /** @returns undefined where no whole answer came */
  call({
    method = 'POST',
    path,
    headers,
    body = '',
    deadlineMs,
    graceMs = longGraceMs,
  }: Call): Promise<Answer | undefined> {
    return new Promise((resolve) => {
      const began = performance.now()
      const outgoing = request({
        agent: this.agent,
        host: this.host,
        port: this.port,
        method,
        path,
        headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      })
      const patience = setTimeout(() => outgoing.destroy(), deadlineMs + graceMs)
      const over = (answer: Answer | undefined) => {
        clearTimeout(patience)
        resolve(answer)
      }
      outgoing.on('error', () => over(undefined))
      outgoing.on('response', (response) => {
        const firstByteMs = performance.now() - began
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', () => over(undefined))
        response.on('end', () => {
          const ms = performance.now() - began
          const text = Buffer.concat(chunks).toString()
          this.watch.see(text)
          const { statusCode: status = 0, headers: received } = response
          const problem = readProblem(status, received['content-type'], text)
          over({ status, headers: received, body: text, problem, ms, firstByteMs })
        })
      })
      outgoing.end(body)
    })
  }

  close(): void {
    this.agent.destroy()
  }
}

function readProblem(
  status: number,
  type: string | undefined,
  text: string,
): { code?: string; delivery?: string } | undefined {
  if (status < 300 || type?.startsWith('application/problem+json') !== true) return undefined
  return JSON.parse(text)
}

/** An answer that was read from a socket. */
export function toAnswer({ status, body }: RawAnswer): Answer {
  const problem: Answer['problem'] = status < 300 ? undefined : JSON.parse(body)
  return { status, headers: {}, body, problem, ms: 0, firstByteMs: 0 }
}
