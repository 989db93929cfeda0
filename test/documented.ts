/** LiveEngage's documented payloads, kept in `documented/`; each file names its source. */
import { readFileSync } from 'node:fs'

// biome-ignore lint/suspicious/noExplicitAny: the files hold whatever the documentation shows
type Json = any

export type Documented = {
  upstream: {
    path: string
    query: Record<string, string>
    headers: Record<string, string>
    body: Json
  }
  response: { status: number; body: Json }
}

/** @param values of the placeholders, e.g. `conversationId` */
export function documented(name: string, values: Record<string, string> = {}): Documented {
  const text = readFileSync(new URL(`documented/${name}.json`, import.meta.url), 'utf8')
  return JSON.parse(text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole))
}
