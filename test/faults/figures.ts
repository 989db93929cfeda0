/** What many measurements come to. */

/** @param share 0 to 1; 0 where there are no values */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0
}

export type Spread = { count: number; p50: number; p99: number; max: number }

export function spreadOf(values: readonly number[]): Spread {
  const at = (share: number) => round(percentile(values, share))
  return { count: values.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}

/** Least squares: how much `y` rises per unit of `x`, and the standard error of that. */
export function trendOf(points: readonly { x: number; y: number }[]): {
  slope: number
  error: number
} {
  const meanX = sum(points.map(({ x }) => x)) / points.length
  const meanY = sum(points.map(({ y }) => y)) / points.length
  const spread = sum(points.map(({ x }) => (x - meanX) ** 2))
  if (spread === 0 || points.length < 3) return { slope: 0, error: 0 }
  const slope = sum(points.map(({ x, y }) => (x - meanX) * (y - meanY))) / spread
  const rest = sum(points.map(({ x, y }) => (y - meanY - slope * (x - meanX)) ** 2))
  return { slope, error: Math.sqrt(rest / (points.length - 2) / spread) }
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

export function countBy<T>(
  list: Iterable<T>,
  read: (item: T) => string | undefined,
): Map<string, number> {
  const counts = new Map<string, number>()
  for (const item of list) {
    const key = read(item) ?? ''
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

/** One decimal. */
export function round(value: number): number {
  return Math.round(value * 10) / 10
}
