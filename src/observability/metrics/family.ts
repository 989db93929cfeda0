/** A family of metrics: its definition, and how a scrape reads its values. */
import {
  Gauge,
  type MetricObjectWithValues,
  type MetricValueWithName,
  type Registry,
} from '@prometheus-io/client'
import type { Histogram } from '../../histogram.ts'

type Labels = Readonly<Record<string, string>>

type Definition = {
  name: string
  help: string
  /** None by default. A label has few values: never an account, a conversation, a consumer or a host. */
  labels?: readonly string[]
}

export type Reading<T> = readonly [labels: Labels, value: T]

export type Family = Definition &
  (
    | { type: 'counter' | 'gauge'; read: () => Iterable<Reading<number>> }
    | { type: 'histogram'; read: () => Iterable<Reading<Histogram>> }
  )

export function register(registry: Registry, families: readonly Family[]): void {
  for (const family of families) new ReadMetric(registry, family)
}

/** One reading for each count. */
export function countsOf(
  counts: Readonly<Record<string, number>>,
  labelsOf: (name: string) => Labels,
): Reading<number>[] {
  return Object.entries(counts).map(([name, count]) => [labelsOf(name), count])
}

/**
 * The counters and histograms of the client hold the values and look the labels up at each addition, which costs twenty times as
 * much as adding to a plain number. This metric holds no values: it reads plain numbers that are kept elsewhere. The gauge is the
 * simplest kind of the client; a scrape shows the type of the family.
 */
class ReadMetric extends Gauge<string> {
  private readonly family: Family

  constructor(registry: Registry, family: Family) {
    const { name, help, labels = [] } = family
    super({ name, help, labelNames: labels, registers: [registry] })
    this.family = family
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const { type } = this.family
    return { ...(await super.get()), type, values: [...valuesOf(this.family)] }
  }
}

function* valuesOf(family: Family): Iterable<MetricValueWithName<string>> {
  if (family.type !== 'histogram') {
    for (const [labels, value] of family.read()) yield { labels, value }
    return
  }
  const { name } = family
  for (const [labels, { buckets, sum }] of family.read()) {
    let total = 0
    for (const { bound, count } of buckets) {
      total += count
      const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : bound
      yield { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total }
    }
    yield { metricName: `${name}_sum`, labels, value: sum }
    yield { metricName: `${name}_count`, labels, value: total }
  }
}
