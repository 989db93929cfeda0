import { render } from 'preact'
import { useCallback, useEffect, useState } from 'preact/hooks'
import { emptyDesk, keyOf, merge } from '../model.ts'
import { api, type Detail, pathOf, watch } from './api.ts'
import { ConversationList } from './conversation-list.tsx'
import { Developer } from './developer.tsx'
import { Talk } from './talk.tsx'
import { TopBar } from './top-bar.tsx'

type Pane = 'list' | 'talk' | 'developer'

function Desk() {
  const [desk, setDesk] = useState(emptyDesk)
  const [isLive, setLive] = useState(false)
  const [selected, select] = useState<string>()
  const [detail, setDetail] = useState<Detail>()
  const [pane, setPane] = useState<Pane>('list')
  const [notice, setNotice] = useState('')

  useEffect(() => {
    watch((changes) => setDesk((known) => merge(known, changes)), setLive)
  }, [])

  const summary = desk.conversations.find((one) => keyOf(one) === selected)
  const key = summary === undefined ? undefined : keyOf(summary)
  useEffect(() => {
    if (summary === undefined) {
      setDetail(undefined)
      return
    }
    let isWanted = true
    void api.read<Detail>(pathOf(summary)).then(
      (read) => isWanted && setDetail(read),
      () => {},
    )
    return () => {
      isWanted = false
    }
  }, [summary])

  /** Does one thing; what keeps it from being done is said at the bottom. */
  const act = useCallback((doing: Promise<unknown>, done = '') => {
    setNotice('')
    void doing.then(
      (answer) => setNotice(doneOf(answer) ?? done),
      (error: Error) => setNotice(error.message),
    )
  }, [])

  return (
    <main class={`desk show-${pane}`}>
      <TopBar overview={desk.overview} isLive={isLive} act={act} />
      <ConversationList
        conversations={desk.conversations}
        selected={key}
        overview={desk.overview}
        act={act}
        onSelect={(wanted) => {
          select(wanted)
          setPane('talk')
        }}
      />
      <Talk
        detail={detail !== undefined && keyOf(detail) === key ? detail : undefined}
        hasConversations={desk.conversations.length > 0}
        act={act}
      />
      <Developer desk={desk} selected={summary} act={act} />
      <p class="notice" role="status" aria-live="polite">
        {notice}
      </p>
      <nav class="panes" aria-label="Parts of the desk">
        {(['list', 'talk', 'developer'] as const).map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={pane === name}
            onClick={() => setPane(name)}
          >
            {{ list: 'Conversations', talk: 'Conversation', developer: 'Traffic' }[name]}
          </button>
        ))}
      </nav>
    </main>
  )
}

function doneOf(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null || !('done' in answer)) return undefined
  return String(answer.done)
}

const root = document.getElementById('desk')
if (root !== null) render(<Desk />, root)
