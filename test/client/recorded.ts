/** A client whose attempts are written down, in front of a proxy. */
import { type ClientOptions, createClient } from '../../src/client/index.ts'
import { token } from '../start.ts'

export type Attempt = { method: string; path: string; headers: Headers }

export function recordedClient(baseUrl: string, options: Partial<ClientOptions> = {}) {
  const attempts: Attempt[] = []
  const { fetch: inner = fetch } = options
  const client = createClient({
    baseUrl,
    appJwt: token,
    consumerJws: token,
    ...options,
    fetch: (url, init) => {
      const { method = '', headers } = init
      attempts.push({ method, path: url.slice(baseUrl.length), headers: new Headers(headers) })
      return inner(url, init)
    },
  })
  return { client, attempts }
}

/** What a call failed with. @throws Error where it did not */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => {
      throw new Error('it did not fail')
    },
    (error: unknown) => error,
  )
}
