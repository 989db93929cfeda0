/** Metrics of the store that the replicas share. Without `STATE_URL` there are none. */
import type { StoreStatistics } from '../../idempotency/store-statistics.ts'
import { countsOf, type Family } from './family.ts'

export type StateSources = { state: StoreStatistics | undefined }

export function stateFamilies({ state }: StateSources): Family[] {
  return [
    {
      name: 'liveengage_proxy_store_up',
      help: 'Whether the proxy is connected to the store of STATE_URL, in a cluster to each node that it knows; absent without STATE_URL. While it is 0, requests with an Idempotency-Key get 503 idempotency-store-unavailable, in a cluster those whose keys are at that node.',
      type: 'gauge',
      read: () => (state === undefined ? [] : [[{}, Number(state.isUp)]]),
    },
    {
      name: 'liveengage_proxy_store_command_duration_seconds',
      help: 'Time that the store of STATE_URL took for a command that it answered.',
      type: 'histogram',
      read: () => (state === undefined ? [] : [[{}, state.seconds]]),
    },
    {
      name: 'liveengage_proxy_store_failures_total',
      help: 'Commands that the store of STATE_URL did not carry out, by reason: down (no connection), slow (no answer in 250 ms) or refused (read-only, full, or not permitted).',
      type: 'counter',
      labels: ['reason'],
      read: () => (state === undefined ? [] : countsOf(state.failures, (reason) => ({ reason }))),
    },
  ]
}
