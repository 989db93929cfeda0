import { timeOfDay } from '../format.ts'
import type { ConversationSummary, Overview } from '../model.ts'
import { keyOf } from '../model.ts'
import type { Act } from './act.ts'
import { api } from './api.ts'
import { Curl } from './curl.tsx'

const statuses = { open: 'Open', survey: 'Survey', closed: 'Closed' }

export function ConversationList(props: {
  conversations: readonly ConversationSummary[]
  selected: string | undefined
  overview: Overview | undefined
  act: Act
  onSelect: (key: string) => void
}) {
  const { conversations, selected, overview, act, onSelect } = props
  return (
    <section class="list" aria-labelledby="list-title">
      <div class="pane-title">
        <h2 id="list-title">Conversations</h2>
        <span class="count">{overview?.counts.conversations ?? 0}</span>
        <button
          type="button"
          class="quiet"
          onClick={() =>
            act(api.post('/conversations', { text: 'Hello from the web chat.' }), 'Opened.')
          }
        >
          <span aria-hidden="true">+ </span>Web chat
          <span class="hidden">: open a conversation of another channel</span>
        </button>
      </div>
      {conversations.length === 0 ? (
        <div class="empty">
          <p>
            <b>No conversation yet.</b> Open one as the consumer, through the proxy:
          </p>
          <Curl
            text={`curl -X POST ${overview?.proxyUrl ?? ''}/conversations \\\n  -H 'X-LP-Consumer-Id: jane'`}
          />
        </div>
      ) : (
        <ul>
          {conversations.map((conversation) => (
            <li key={keyOf(conversation)}>
              <button
                type="button"
                class="conversation"
                aria-current={keyOf(conversation) === selected ? 'true' : undefined}
                onClick={() => onSelect(keyOf(conversation))}
              >
                <span class="avatar" aria-hidden="true">
                  {conversation.consumer.name
                    .replace(/[^\p{L}\d]/gu, '')
                    .slice(0, 1)
                    .toUpperCase()}
                </span>
                <span class="who">{conversation.consumer.name}</span>
                <time>{timeOfDay(conversation.lastAt).slice(0, 5)}</time>
                <span class="marks">
                  <span class="last">
                    {conversation.isTyping ? (
                      <i>typing…</i>
                    ) : (
                      (conversation.lastText ?? 'Nothing said yet')
                    )}
                  </span>
                  {conversation.unread > 0 && conversation.status === 'open' ? (
                    <span class="unread">
                      {conversation.unread}
                      <span class="hidden"> unread</span>
                    </span>
                  ) : null}
                  {conversation.status === 'open' ? null : (
                    <span class="tag">
                      {statuses[conversation.status === 'survey' ? 'survey' : 'closed']}
                    </span>
                  )}
                  {conversation.origin === 'other' ? <span class="tag">Other channel</span> : null}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
