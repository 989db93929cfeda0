import { timeOfDay } from '../format.ts'
import type { Overview } from '../model.ts'
import type { Act } from './act.ts'
import { api } from './api.ts'
import { Menu } from './menu.tsx'

const words = { UP: 'Up', FAILED: 'Failed', IN_TRANSITION: 'In transition' }

export function TopBar(props: { overview: Overview | undefined; isLive: boolean; act: Act }) {
  const { overview, isLive, act } = props
  const installs = overview?.installs ?? []
  const worst = installs.find(({ state }) => state !== 'UP') ?? installs[0]
  const url = overview?.webhook.url ?? undefined
  return (
    <header class="top-bar">
      <h1>
        <span class="mark" aria-hidden="true" />
        <span class="name">Sandbox</span> <small>not LivePerson</small>
      </h1>
      <p class={`chip ${isLive ? 'good' : 'bad'}`}>{isLive ? 'Live' : 'Connecting'}</p>
      <Menu
        label={
          url === undefined ? 'No webhook' : `App ${words[worst?.state ?? 'UP'].toLowerCase()}`
        }
        tone={
          url === undefined ? 'open' : worst === undefined || worst.state === 'UP' ? 'good' : 'bad'
        }
      >
        <form
          onSubmit={(event) => {
            event.preventDefault()
            const given = String(new FormData(event.currentTarget).get('url')).trim()
            act(api.put('/webhook', { url: given === '' ? null : given }), 'Saved.')
          }}
        >
          <label for="webhook-url">Notifications go to</label>
          <input
            id="webhook-url"
            name="url"
            type="url"
            placeholder="http://127.0.0.1:8080/webhooks"
            defaultValue={url ?? ''}
            key={url}
          />
          <button type="submit">Save</button>
        </form>
        {installs.map(({ accountId, state, stored, nextAttemptAt }) => (
          <p key={accountId}>
            Account <b>{accountId}</b>: {words[state]}, {stored} stored
            {nextAttemptAt === null ? '' : `, next attempt at ${timeOfDay(nextAttemptAt)}`}
          </p>
        ))}
        <div class="row">
          <button type="button" onClick={() => act(api.post('/retry'), 'Tried.')}>
            Retry now
          </button>
          <button
            type="button"
            onClick={() => act(api.post('/outage', { on: true }), 'The outage has begun.')}
          >
            Begin an outage
          </button>
          <button
            type="button"
            onClick={() => act(api.post('/outage', { on: false }), 'The outage is over.')}
          >
            End the outage
          </button>
        </div>
      </Menu>
      <a class="button" href="/sandbox/docs">
        API
      </a>
      <button
        type="button"
        onClick={() => {
          if (confirm('Forget all conversations, calls and notifications?')) {
            act(api.post('/reset'), 'All is forgotten.')
          }
        }}
      >
        Reset
      </button>
    </header>
  )
}
