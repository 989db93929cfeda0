/** All metrics of one app, in its own registry. */
import { Registry } from '@prometheus-io/client'
import { type Family, register } from './family.ts'
import { cacheFamilies, type LiveEngageSources, serviceFamilies } from './liveengage.ts'
import { type ProcessSources, processFamilies } from './process.ts'
import { type RequestSources, requestFamilies } from './requests.ts'
import { type StateSources, stateFamilies } from './state.ts'
import { type WebhookSources, webhookFamilies } from './webhooks.ts'

export type MetricsSources = RequestSources &
  LiveEngageSources &
  StateSources &
  WebhookSources &
  ProcessSources

/** Requests add nothing to these metrics. Their values are read when they are scraped. */
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
    ...stateFamilies(sources),
    ...webhookFamilies(sources),
    ...processFamilies(sources),
  ]
}
