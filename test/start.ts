/** The one fixture: a proxy in front of a sandbox or of a scripted upstream, closed with the test. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Test } from 'tap'
import { type App, buildApp } from '../src/app/app.ts'
import { loadConfig } from '../src/config/config.ts'
import type { Tracing } from '../src/http/request-spans.ts'
import { createLogger } from '../src/observability/logger.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../src/sandbox/sandbox.ts'
import { mustBeDocumented } from './openapi/documented-problems.ts'

/** A well-formed token; the sandbox takes it for both. */
export const token = 'eyJhbGciOiJub25lIn0.e30.c2FtcGxl'

export type Reply = {
  status: number
  headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: tests compare what came, whatever it is
  body: any
}

export type StartedProxy = App & {
  url: string
  /** The log, one parsed line each. */
  logs: Record<string, unknown>[]
  /** One call over a real socket, with both tokens unless `headers` says otherwise. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string | undefined>,
  ): Promise<Reply>
}

/** A proxy that finds its hosts through the Domain API at this origin. */
export async function startProxy(
  t: Test,
  upstreamOrigin: string,
  env: Record<string, string> = {},
  tracing?: Tracing,
  host = '127.0.0.1',
): Promise<StartedProxy> {
  const config = loadConfig({
    LP_ACCOUNT_ID: '12345678',
    LP_DOMAIN_API_URL: upstreamOrigin,
    LP_ALLOWED_HOSTS: new URL(upstreamOrigin).host,
    LOG_LEVEL: 'trace',
    // What tests write as Host where they write the bytes themselves.
    ALLOWED_HOSTNAMES: 'a,proxy',
    ...env,
  })
  const logs: Record<string, unknown>[] = []
  const logger = createLogger(config.logLevel, {
    write: (line: string) => void logs.push(JSON.parse(line)),
  })
  const app = await buildApp(config, logger, tracing)
  t.teardown(() => {
    app.server.server.closeAllConnections()
    return app.server.close()
  })
  const url = await app.server.listen({ host, port: 0 })
  const call: StartedProxy['call'] = async (method, path, body, headers = {}) => {
    const all = new Headers({ authorization: token, 'x-lp-on-behalf': token })
    const isForm = body instanceof FormData
    if (body !== undefined && !isForm) all.set('content-type', 'application/json')
    for (const [name, value] of Object.entries(headers)) {
      if (value === undefined) all.delete(name)
      else all.set(name, value)
    }
    const isReady = typeof body === 'string' || body === undefined || isForm
    const payload = isReady ? body : JSON.stringify(body)
    const response = await fetch(`${url}${path}`, { method, headers: all, body: payload ?? null })
    const text = await response.text()
    const contentType = response.headers.get('content-type') ?? ''
    const answer = /json/.test(contentType) ? JSON.parse(text) : text
    if (/problem/.test(contentType)) mustBeDocumented(method, path, response.status, answer.code)
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: answer,
    }
  }
  return { ...app, url, logs, call }
}

/** A proxy in front of a sandbox of its own. */
export async function start(
  t: Test,
  env: Record<string, string> = {},
  options: Partial<SandboxOptions> = {},
): Promise<StartedProxy & { sandbox: Sandbox }> {
  const sandbox = await startSandbox({ port: 0, ...options })
  t.teardown(() => sandbox.close())
  const proxy = await startProxy(t, sandbox.origin, env)
  return { ...proxy, sandbox }
}
