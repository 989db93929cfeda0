/** Prints the webhooks part of the manifest. It cannot be compared: LivePerson shows no app its own. */
import type { Check } from './check.ts'

const placeholder = 'https://YOUR-HOST/webhooks/liveperson'

/** Seconds; the longest that LivePerson keeps what it could not deliver. Source: webhooks pages, retry policy. */
const longestRetention = 259_200

const types = [
  'ms.MessagingEventNotification.ContentEvent',
  'ms.MessagingEventNotification.RichContentEvent',
  'ms.MessagingEventNotification.AcceptStatusEvent',
  'ms.MessagingEventNotification.ChatStateEvent',
  'cqm.ExConversationChangeNotification',
] as const

/** The part of the app installation's manifest that is about webhooks, as JSON with one entry a line. */
export function manifestFragment(endpoint: string): string {
  const entries = [
    ['retry', { retention_time: longestRetention }],
    ...types.map((type) => {
      // Typing is useless later, and its failure must not delay the messages.
      const isTyping = type.endsWith('.ChatStateEvent')
      return [type, { endpoint, ...(isTyping && { max_retries: 0 }) }] as const
    }),
  ] as const
  const lines = entries.map(([name, value]) => `  "${name}": ${JSON.stringify(value)}`)
  return `{ "capabilities": { "webhooks": {\n${lines.join(',\n')}\n} } }`
}

export const showManifest: Check = {
  name: 'webhook-manifest',
  async examine({ config: { webhookPort }, webhookUrl }) {
    if (webhookPort === undefined && webhookUrl === undefined) {
      return { status: 'skip', detail: 'WEBHOOK_PORT is not set' }
    }
    const detail = [
      'LivePerson does not show an app its manifest, so compare it yourself. It should have:',
      manifestFragment(webhookUrl ?? placeholder),
      'Without retry.retention_time, LivePerson drops a notification at its first failure. Changes take up to two minutes.',
    ]
    return { status: 'skip', detail: detail.join('\n') }
  },
}
