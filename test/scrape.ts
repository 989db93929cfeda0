/** What a scrape of `/metrics` shows. */
import { setTimeout as delay } from 'node:timers/promises'

export type Series = { name: string; labels: Record<string, string>; value: number }

export type Scrape = {
  text: string
  series: Series[]
  /** The value of the series with this name and at least these labels, their sum where there are several; NaN where there is none. */
  value(name: string, labels?: Record<string, string>): number
}

/** @param name without the prefix of the proxy's own, with `process_` or `nodejs_` whole */
const full = (name: string) => (/^(process|nodejs)_/.test(name) ? name : `liveengage_proxy_${name}`)

export function parseMetrics(text: string): Scrape {
  const series = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(parseLine)
  return {
    text,
    series,
    value(name, labels = {}) {
      const fits = series.filter(
        (each) =>
          each.name === full(name) &&
          Object.entries(labels).every(([label, value]) => each.labels[label] === value),
      )
      return fits.length === 0 ? Number.NaN : fits.reduce((sum, { value }) => sum + value, 0)
    },
  }
}

function parseLine(line: string): Series {
  const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
  if (name === '') throw new Error(`no line of the text format: ${line}`)
  const pairs = [...labels.matchAll(/(\w+)="([^"\\]*)"/g)].map(([, key, text]) => [key, text])
  return { name, labels: Object.fromEntries(pairs), value: Number(value) }
}

/** @param url of the proxy */
export async function scrape(url: string, headers: Record<string, string> = {}): Promise<Scrape> {
  const response = await fetch(`${url}/metrics`, { headers })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${response.status} ${text}`)
  return parseMetrics(text)
}

/** Scrapes until it is so. */
export async function scrapeUntil(
  url: string,
  isSo: (scraped: Scrape) => boolean,
): Promise<Scrape> {
  for (;;) {
    const scraped = await scrape(url)
    if (isSo(scraped)) return scraped
    await delay(5)
  }
}
