import { useEffect, useRef } from 'preact/hooks'
import { timeOfDay } from '../format.ts'
import { type Message, type Note, timelineOf } from '../timeline.ts'
import type { Act } from './act.ts'
import { api, type Detail, pathOf } from './api.ts'
import { Composer } from './composer.tsx'
import { Choice, Menu } from './menu.tsx'

const unhappyPaths = [
  ['duplicate', 'Send the last one again'],
  ['swapped', 'Swap two'],
  ['two-in-one', 'Two in one notification'],
  ['wrong-signature', 'A wrong signature'],
  ['old-form', 'The old form of 2018'],
  ['other-channel', 'Another channel’s conversation'],
  ['unknown-type', 'An unknown type'],
  ['large', 'A large one (900 KB)'],
  ['flood', 'A flood of 500 after an outage'],
] as const

export function Talk(props: { detail: Detail | undefined; hasConversations: boolean; act: Act }) {
  const { detail, hasConversations, act } = props
  if (detail === undefined) {
    return (
      <section class="talk" aria-label="Conversation">
        <div class="empty middle">
          <p>
            <b>{hasConversations ? 'Choose a conversation.' : 'You are the agent.'}</b>
          </p>
          <p>
            What an app sends through the proxy appears here. What you answer goes to the app as a
            signed notification.
          </p>
        </div>
      </section>
    )
  }
  return (
    <section class="talk" aria-labelledby="talk-title">
      <TalkTitle detail={detail} act={act} />
      <Timeline detail={detail} />
      <Composer key={`${detail.accountId}/${detail.id}`} detail={detail} act={act} />
    </section>
  )
}

function TalkTitle({ detail, act }: { detail: Detail; act: Act }) {
  const { consumer, agent, status } = detail
  const isOpen = status === 'open'
  const post = (action: string, body: object = {}, done = '') =>
    act(api.post(pathOf(detail, action), body), done)
  const standing =
    agent === null ? 'nobody' : agent.state === 'ACTIVE' ? agent.name : `offered to ${agent.name}`
  return (
    <div class="pane-title">
      <div class="grow">
        <h2 id="talk-title">{consumer.name}</h2>
        <p class="sub">
          {{ open: 'Open', survey: 'Survey', closed: 'Closed' }[status as 'open']}, agent:{' '}
          {standing}, {detail.skillId === '-1' ? 'no skill' : `skill ${detail.skillId}`}
        </p>
      </div>
      {isOpen && agent?.state !== 'ACTIVE' ? (
        <button type="button" class="primary" onClick={() => post('/join')}>
          Join
        </button>
      ) : null}
      {isOpen ? (
        <button type="button" onClick={() => post('/receipts', { status: 'read' }, 'Read.')}>
          Mark read
        </button>
      ) : null}
      <Menu label="Actions">
        {isOpen ? (
          <>
            <Choice onChoose={() => post('/receipts', { status: 'accept' }, 'Accepted.')}>
              Accept messages
            </Choice>
            <Choice onChoose={() => post('/suggest')}>Offer to an agent</Choice>
            <Choice
              onChoose={() => post('/join', { agentId: '3b7d42aa-0000-5b1e-9c53-5d1f0f2b0004' })}
            >
              Kim joins
            </Choice>
            <Choice
              onChoose={() => {
                const skillId = prompt('To which skill? Its id:', '277498214')
                if (skillId !== null) post('/transfer', { skillId })
              }}
            >
              Transfer to a skill
            </Choice>
          </>
        ) : null}
        {status === 'closed' ? null : (
          <>
            <Choice onChoose={() => post('/close')}>Close</Choice>
            {isOpen ? (
              <Choice onChoose={() => post('/close', { survey: true })}>Close with a survey</Choice>
            ) : null}
          </>
        )}
        <Choice onChoose={() => post('/rating', { rating: 4 }, 'Rated 4 of 5.')}>
          The consumer rates 4 of 5
        </Choice>
      </Menu>
      {isOpen ? (
        <Menu label="Unhappy paths">
          {unhappyPaths.map(([kind, label]) => (
            <Choice key={kind} onChoose={() => post('/unhappy-paths', { kind })}>
              {label}
            </Choice>
          ))}
        </Menu>
      ) : null}
    </div>
  )
}

function Timeline({ detail }: { detail: Detail }) {
  const end = useRef<HTMLDivElement>(null)
  const { entries } = detail
  const last = entries.at(-1)?.number
  const goToEnd = () => end.current?.scrollIntoView({ block: 'end' })
  useEffect(() => {
    if (last !== undefined) goToEnd()
  }, [last, detail.isTyping])
  const items = timelineOf(detail.id, entries)
  return (
    // A picture that comes later pushes the newest message out of sight.
    <div class="timeline" role="log" aria-label="Messages" tabIndex={0} onLoadCapture={goToEnd}>
      {detail.isWhole ? null : <p class="note">Older entries are not shown.</p>}
      {items.map((item) =>
        item.kind === 'note' ? (
          <Line key={item.number} note={item} />
        ) : (
          <Bubble key={item.number} message={item} name={nameOf(detail, item)} />
        ),
      )}
      {detail.isTyping ? (
        <p class="typing">
          {detail.consumer.name} is typing
          <span aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
        </p>
      ) : null}
      <div ref={end} />
    </div>
  )
}

function nameOf({ consumer, agent }: Detail, { side, role }: Message): string {
  if (side === 'consumer') return consumer.name
  if (side === 'bot') return 'Survey'
  if (side === 'system') return 'Automatic'
  return role === 'MANAGER' ? 'Manager' : (agent?.name ?? 'Agent')
}

function Line({ note }: { note: Note }) {
  return (
    <p class="note">
      {note.text} <time>{timeOfDay(note.at)}</time>
      <Remarks remarks={note.remarks} />
    </p>
  )
}

function Bubble({ message, name }: { message: Message; name: string }) {
  const { side, text, file, card, buttons, isInternal, isSurvey, sequence, receipt } = message
  return (
    <article class={`bubble ${side} ${isInternal ? 'internal' : ''}`}>
      <header>
        <b>{name}</b>
        {isInternal ? <span class="tag">Private note</span> : null}
        {isSurvey ? <span class="tag">Survey</span> : null}
      </header>
      {text === undefined ? null : <p class="text">{text}</p>}
      {file === undefined ? null : (
        <figure>
          <img src={`/sandbox/files${file.relativePath}`} alt={file.caption ?? 'A picture'} />
          {file.caption === undefined ? null : <figcaption>{file.caption}</figcaption>}
        </figure>
      )}
      {card === undefined ? null : (
        <div class="card">
          {card.map((line) => (
            <p key={line}>{line}</p>
          ))}
        </div>
      )}
      {buttons.length === 0 ? null : (
        <ul class="replies" aria-label="Quick replies">
          {buttons.map((button) => (
            <li key={button}>{button}</li>
          ))}
        </ul>
      )}
      <footer>
        <time>{timeOfDay(message.at)}</time>
        <span title="sequence">#{sequence}</span>
        <span class={`receipt ${receipt}`}>{receipt}</span>
      </footer>
      <Remarks remarks={message.remarks} />
    </article>
  )
}

export function Remarks({ remarks }: { remarks: readonly string[] }) {
  if (remarks.length === 0) return null
  return (
    <ul class="remarks" aria-label="Remarks">
      {remarks.map((remark) => (
        <li key={remark}>{remark}</li>
      ))}
    </ul>
  )
}
