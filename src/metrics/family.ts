/** A family of metrics: its definition, and how its values are read when it is scraped. */
import {
  Gauge,
  type MetricObjectWithValues,
  type MetricValueWithName,
  type Registry,
} from '@prometheus-io/client'
import type { Distribution } from '../distribution.ts'

type Labels = Readonly<Record<string, string>>

type Definition = {
  name: string
  help: string
  /** Without any by default. Each has few values: never an account, a conversation, a consumer or a host. */
  labels?: readonly string[]
}

export type Reading<T> = readonly [labels: Labels, value: T]

export type Family = Definition &
  (
    | { type: 'counter' | 'gauge'; read: () => Iterable<Reading<number>> }
    | { type: 'histogram'; read: () => Iterable<Reading<Distribution>> }
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
 * The client's own counters and histograms hold the values themselves and look their labels up with each addition, which costs
 * twenty times as much. These hold nothing: what is counted is plain numbers elsewhere. The gauge is the client's plainest kind;
 * the type that a scrape sees is the family's.
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
  for (const [labels, { bins, sum }] of family.read()) {
    let total = 0
    for (const { bound, count } of bins) {
      total += count
      const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : bound
      yield { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total }
    }
    yield { metricName: `${name}_sum`, labels, value: sum }
    yield { metricName: `${name}_count`, labels, value: total }
  }
}
