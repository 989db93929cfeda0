/** An upstream that answers everything with LiveEngage's success, so that no failure can be its fault. */
import type { Test } from 'tap'
import { json, type Script, type Seen, startUpstream, type Upstream } from '../upstream.ts'

const storagePath = '/v1/AUTH_async-images/12345678/picture'

const send: Script = (seen, response, request) => {
  if (seen.method === 'PUT') return json(201, '')(seen, response, request)
  const body = parse(seen.body)
  const answer = Array.isArray(body) ? body.map(opened) : { ...ok(body), body: bodyFor(body) }
  json(200, answer)(seen, response, request)
}

function ok(command: unknown) {
  return { reqId: Object(command).id, code: 'OK' }
}

function opened(command: unknown, index: number) {
  return { ...ok(command), body: index === 0 ? {} : { conversationId: 'opened' } }
}

function bodyFor(command: unknown) {
  return Object(command).type === 'ms.GenerateURLForUploadFile'
    ? { relativePath: storagePath, queryParams: { temp_url_sig: 'a', temp_url_expires: '1' } }
    : { sequence: 0 }
}

/** What a native call passes on need not be JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export async function startAlwaysOk(t: Test): Promise<Upstream> {
  const upstream = await startUpstream(t, { send })
  upstream.script.domain = (seen, response, request) => {
    const service = /\/service\/(\w+)\//.exec(seen.url)?.[1]
    const answer = { service, account: '12345678', baseURI: upstream.host }
    json(200, answer)(seen, response, request)
  }
  return upstream
}

/** Everything that reached LiveEngage itself: messages and new conversations, not where it is. */
export function commandsOf({ seen }: Upstream): Seen[] {
  return seen.filter(({ method, url }) => method === 'POST' && !url.includes('/service/'))
}
