/** What `/metrics` says, and how much of it has come since another time. */
import type { Client } from './client.ts'

/** @throws Error where there is no answer */
export async function readMetrics(client: Client): Promise<string> {
  const call = { method: 'GET', path: '/metrics', headers: {}, deadlineMs: 5_000 }
  const answer = await client.call(call)
  if (answer?.status !== 200) throw new Error('no metrics')
  return answer.body
}

export class Reading {
  private readonly after: string
  private readonly before: string

  constructor(after: string, before: string) {
    this.after = after
    this.before = before
  }

  /** Of all series with this name, without the prefix of the proxy's own, and at least these labels. */
  value(name: string, labels: Record<string, string> = {}): number {
    return sumOf(this.after, name, labels) - sumOf(this.before, name, labels)
  }
}

function sumOf(text: string, name: string, labels: Record<string, string>): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  let sum = 0
  for (const [, own = '', value] of text.matchAll(seriesOf(name))) {
    if (wanted.every((pair) => own.split(',').includes(pair))) sum += Number(value)
  }
  return sum
}

function seriesOf(name: string): RegExp {
  const full = name.startsWith('process_') ? name : `liveengage_proxy_${name}`
  return new RegExp(`^${full}(?:\\{(.*)\\})? (\\S+)$`, 'gm')
}
