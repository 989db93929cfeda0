/** All metrics of one app, in a registry of its own. */
import { Registry } from '@prometheus-io/client'
import { type Family, register } from './metrics/family.ts'
import { cacheFamilies, type LiveEngageSources, serviceFamilies } from './metrics/liveengage.ts'
import { type ProcessSources, processFamilies } from './metrics/process.ts'
import { type RequestSources, requestFamilies } from './metrics/requests.ts'

export type MetricsSources = RequestSources & LiveEngageSources & ProcessSources

/** Nothing is added to these metrics while requests run: what they show is read when they are scraped. */
export function createMetrics(sources: MetricsSources): Registry {
  const registry = new Registry()
  register(registry, familiesOf(sources))
  return registry
}

export function familiesOf(sources: MetricsSources): Family[] {
  return [
    ...requestFamilies(sources),
    ...serviceFamilies(sources),
    ...cacheFamilies(sources),
    ...processFamilies(sources),
  ]
}
