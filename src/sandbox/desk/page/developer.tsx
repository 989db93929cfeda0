import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { pretty, timeOfDay, toneOf } from '../format.ts'
import type { CallRow, ConversationSummary, Desk, NotificationRow } from '../model.ts'
import type { Act } from './act.ts'
import { api } from './api.ts'
import { Curl } from './curl.tsx'
import { Faults } from './faults.tsx'
import { Remarks } from './talk.tsx'

type Tab = 'calls' | 'notifications' | 'faults'

export function Developer(props: {
  desk: Desk
  selected: ConversationSummary | undefined
  act: Act
}) {
  const { desk, selected, act } = props
  const [tab, setTab] = useState<Tab>('calls')
  const [isOnlyOne, setOnlyOne] = useState(false)
  const wanted = isOnlyOne ? selected?.id : undefined
  const isShown = ({ conversationId }: { conversationId: string | null }) =>
    wanted === undefined || conversationId === wanted
  const counts = desk.overview?.counts
  const tabs = [
    ['calls', 'Calls', counts?.calls ?? 0],
    ['notifications', 'Notifications', counts?.notifications ?? 0],
    ['faults', 'Faults', desk.overview?.faults.length ?? 0],
  ] as const
  return (
    <section class="developer" aria-labelledby="developer-title">
      <h2 id="developer-title" class="hidden">
        Traffic
      </h2>
      <div class="tabs" role="tablist" aria-label="Traffic">
        {tabs.map(([name, label, count]) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={tab === name}
            aria-controls="traffic"
            onClick={() => setTab(name)}
          >
            {label} <span class="count">{count}</span>
          </button>
        ))}
      </div>
      <div class="traffic" id="traffic" role="tabpanel" aria-labelledby={`tab-${tab}`} tabIndex={0}>
        {tab === 'faults' ? null : (
          <label class="switch">
            <input
              type="checkbox"
              checked={isOnlyOne}
              onChange={({ currentTarget }) => setOnlyOne(currentTarget.checked)}
            />
            Of this conversation only
          </label>
        )}
        {tab === 'calls' ? (
          <Calls calls={desk.calls.filter(isShown)} proxyUrl={desk.overview?.proxyUrl ?? ''} />
        ) : null}
        {tab === 'notifications' ? (
          <Notifications notifications={desk.notifications.filter(isShown)} act={act} />
        ) : null}
        {tab === 'faults' ? <Faults faults={desk.overview?.faults ?? []} act={act} /> : null}
      </div>
    </section>
  )
}

function Calls(props: { calls: readonly CallRow[]; proxyUrl: string }) {
  const { calls } = props
  if (calls.length === 0) {
    return (
      <div class="empty">
        <p>
          <b>No call yet.</b> Each call to LiveEngage appears here as it arrives, with what the
          sandbox thinks of it.
        </p>
        <Curl
          text={`curl -X POST ${props.proxyUrl}/conversations/c1/messages \\\n  -H 'X-LP-Consumer-Id: jane' \\\n  -H 'content-type: application/json' -d '{"text":"Hello"}'`}
        />
      </div>
    )
  }
  return (
    <ul class="rows">
      {calls.map((call) => (
        <Row
          key={call.id}
          path={`/calls/${call.id}`}
          version={String(call.status)}
          tone={toneOf(call.status, call.rule !== null)}
          status={call.status === null ? '…' : call.status === 0 ? 'cut' : String(call.status)}
          title={call.what ?? call.service}
          detail={`${call.what === null ? call.method : call.service}${call.ms === null ? '' : `, ${call.ms} ms`}`}
          at={call.receivedAt}
          remarks={call.rule === null ? call.remarks : [call.rule, ...call.remarks]}
        >
          {(view) => <CallView view={view} />}
        </Row>
      ))}
    </ul>
  )
}

function CallView({ view }: { view: Record<string, unknown> }) {
  return (
    <>
      <p class="url">
        <b>{String(view['method'])}</b> <code>{String(view['url'])}</code>
      </p>
      <Block title="Headers" value={view['headers']} />
      <Block title="Body" value={view['body']} />
      <Block title="Answer" value={view['answer']} />
    </>
  )
}

function Notifications(props: { notifications: readonly NotificationRow[]; act: Act }) {
  const { notifications, act } = props
  if (notifications.length === 0) {
    return (
      <div class="empty">
        <p>
          <b>No notification yet.</b> Say where they go, or just look at them here:
        </p>
        <Curl
          text={`curl -X PUT ${location.origin}/sandbox/webhook \\\n  -H 'content-type: application/json' \\\n  -d '{"url":"http://127.0.0.1:8080/webhooks"}'`}
        />
      </div>
    )
  }
  return (
    <ul class="rows">
      {notifications.map((notification) => (
        <Row
          key={notification.id}
          path={`/notifications/${notification.id}`}
          version={`${notification.state} ${notification.attempts}`}
          tone={toneOfNotification(notification)}
          status={statusOf(notification)}
          title={notification.kind}
          detail={`${notification.state}${notification.attempts > 1 ? `, ${notification.attempts} attempts` : ''}${notification.ms === null ? '' : `, ${notification.ms} ms`}`}
          at={notification.createdAt}
          remarks={notification.note === null ? [] : [notification.note]}
        >
          {(view) => (
            <>
              <button
                type="button"
                onClick={() =>
                  act(api.post(`/notifications/${notification.id}/repeat`), 'Sent again.')
                }
              >
                Send again
              </button>
              <Block title="Body" value={shortened(view['body'])} />
              <Attempts attempts={view['history']} />
            </>
          )}
        </Row>
      ))}
    </ul>
  )
}

function toneOfNotification({ state }: NotificationRow): 'good' | 'bad' | 'open' {
  if (state === 'delivered') return 'good'
  return state === 'nowhere' || state === 'queued' || state === 'sending' ? 'open' : 'bad'
}

function statusOf({ status, error, state }: NotificationRow): string {
  if (status !== null) return String(status)
  return error === null ? (state === 'nowhere' ? 'kept' : '…') : 'failed'
}

function Attempts({ attempts }: { attempts: unknown }) {
  const list = Array.isArray(attempts) ? attempts : []
  if (list.length === 0) return <p class="sub">It was not sent: there is no webhook URL.</p>
  return (
    <ol class="attempts">
      {list.map((attempt) => (
        <li key={attempt.at}>
          <p>
            {timeOfDay(attempt.at)}: <b>{attempt.status ?? attempt.error}</b> after {attempt.ms} ms
          </p>
          <Block title="Headers" value={attempt.headers} />
          {attempt.answer === undefined ? null : <Block title="Answer" value={attempt.answer} />}
        </li>
      ))}
    </ol>
  )
}

const longestShown = 20_000

function shortened(value: unknown): unknown {
  return typeof value === 'string' && value.length > longestShown
    ? `${value.slice(0, longestShown)} … (${value.length} characters)`
    : value
}

function Block({ title, value }: { title: string; value: unknown }) {
  if (value === null || value === undefined || value === '') return null
  return (
    <>
      <h3>{title}</h3>
      <pre tabIndex={0}>
        <code>{pretty(value)}</code>
      </pre>
    </>
  )
}

function Row(props: {
  path: string
  /** What makes an opened row read anew. */
  version: string
  tone: string
  status: string
  title: string
  detail: string
  at: string
  remarks: readonly string[]
  children: (view: Record<string, unknown>) => ComponentChildren
}) {
  const { path, version, tone, status, title, detail, at, remarks } = props
  const [isOpen, setOpen] = useState(false)
  const [view, setView] = useState<Record<string, unknown>>()
  useEffect(() => {
    if (isOpen && version !== '') {
      void api.read<Record<string, unknown>>(path).then(setView, () => setOpen(false))
    }
  }, [isOpen, path, version])
  return (
    <li class={isOpen ? 'open' : ''}>
      <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span class={`status ${tone}`}>{status}</span>
        <span class="title">{title}</span>
        <time>{timeOfDay(at)}</time>
        <span class="detail">{detail}</span>
      </button>
      <Remarks remarks={remarks} />
      {isOpen && view !== undefined ? <div class="view">{props.children(view)}</div> : null}
    </li>
  )
}
