/** Metrics of LivePerson's notifications and of the events that the app gets. Without `WEBHOOK_PORT` they stay at zero. */
import type { Counters } from '../../webhooks/counters.ts'
import { countsOf, type Family } from './family.ts'

export type WebhookSources = { notifications: Counters }

export function webhookFamilies({ notifications }: WebhookSources): Family[] {
  return [
    {
      name: 'liveengage_proxy_notifications_total',
      help: 'Notifications of LivePerson whose account was looked up, by outcome: taken (by the app, or nothing in it was for the app), app-refused, app-unreachable, app-timeout, busy (LivePerson sends these four again), signature-invalid (also an unknown account or installation) or malformed (no JSON object).',
      type: 'counter',
      labels: ['outcome'],
      read: () => countsOf(notifications.notifications, (outcome) => ({ outcome })),
    },
    {
      name: 'liveengage_proxy_events_total',
      help: 'Events for the app, by type, outcome (taken, refused, unreachable, timeout or left-out) and the reason why one was left out: consumer, internal, excluded, unknown, deleted or malformed. The type is none if a change became no event, the reason is none if the event was not left out.',
      type: 'counter',
      labels: ['type', 'outcome', 'reason'],
      read: () =>
        [...notifications.events].map(({ type, outcome, reason, count }) => [
          { type, outcome, reason },
          count,
        ]),
    },
    {
      name: 'liveengage_proxy_events_app_duration_seconds',
      help: 'Time of an attempt to deliver an event to the app, until the head of its answer or the end of the attempt. Only of attempts that reached the app.',
      type: 'histogram',
      read: () => [[{}, notifications.appSeconds]],
    },
    {
      name: 'liveengage_proxy_events_lag_seconds',
      help: 'How old an event is, by LivePerson’s clock, when the app has taken it.',
      type: 'histogram',
      read: () => [[{}, notifications.lagSeconds]],
    },
  ]
}
