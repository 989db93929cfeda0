import { useRef, useState } from 'preact/hooks'
import type { Act } from './act.ts'
import { api, type Detail, pathOf } from './api.ts'
import { Choice, Menu } from './menu.tsx'

/** After so long without a key the agent has stopped typing. */
const pauseMs = 3_000

const card = {
  type: 'vertical',
  elements: [
    { type: 'text', text: 'Running shoe', style: { bold: true, size: 'large' } },
    { type: 'text', text: '89.90' },
    {
      type: 'button',
      title: 'Buy',
      click: {
        actions: [{ type: 'publishText', text: 'I take it' }],
        metadata: [{ type: 'ExternalId', id: 'buy-1' }],
      },
    },
  ],
}

export function Composer({ detail, act }: { detail: Detail; act: Act }) {
  const [text, setText] = useState('')
  const [isInternal, setInternal] = useState(false)
  const stopTyping = useRef<number | undefined>(undefined)
  const picture = useRef<HTMLInputElement>(null)
  if (detail.status !== 'open') {
    return (
      <p class="composer closed">
        {detail.status === 'survey'
          ? 'The survey runs: the consumer answers in its own dialog.'
          : 'This conversation is closed.'}
      </p>
    )
  }

  const send = (message: object) => act(api.post(pathOf(detail, '/messages'), message))
  const tell = (state: string) =>
    void api.post(pathOf(detail, '/typing'), { state }).catch(() => {})

  function typed(value: string): void {
    setText(value)
    if (isInternal) return
    if (stopTyping.current === undefined && value !== '') tell('composing')
    window.clearTimeout(stopTyping.current)
    stopTyping.current = window.setTimeout(() => {
      stopTyping.current = undefined
      tell('pause')
    }, pauseMs)
  }

  function sendText(extra: object = {}): void {
    if (text.trim() === '') return
    window.clearTimeout(stopTyping.current)
    if (stopTyping.current !== undefined) tell('pause')
    stopTyping.current = undefined
    send({ text, ...(isInternal ? { audience: 'internal' } : {}), ...extra })
    setText('')
  }

  async function sendPicture(file: File): Promise<void> {
    const type = file.type.replace('image/', '').toUpperCase()
    const bytes = new Uint8Array(await file.arrayBuffer())
    const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
    const stored = await api.post<object>('/files', {
      ...{ fileType: type === 'JPEG' ? 'JPG' : type, base64 },
      account: detail.accountId,
    })
    await api.post(pathOf(detail, '/messages'), { file: { ...stored, caption: file.name } })
  }

  return (
    <form
      class={`composer ${isInternal ? 'internal' : ''}`}
      onSubmit={(event) => {
        event.preventDefault()
        sendText()
      }}
    >
      <label class="hidden" for="message">
        {isInternal ? 'A private note' : 'Your message'}
      </label>
      <textarea
        id="message"
        rows={2}
        maxLength={5000}
        placeholder={isInternal ? 'A note that only agents see' : 'Write as the agent'}
        value={text}
        onInput={({ currentTarget }) => typed(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
          event.preventDefault()
          sendText()
        }}
      />
      <div class="row">
        <label class="switch">
          <input
            type="checkbox"
            checked={isInternal}
            onChange={({ currentTarget }) => setInternal(currentTarget.checked)}
          />
          Private note
        </label>
        <Menu label="More" up>
          <Choice
            onChoose={() =>
              text.trim() === ''
                ? send({ text: 'Did that help?', quickReplies: ['Yes', 'No'] })
                : sendText({ quickReplies: ['Yes', 'No'] })
            }
          >
            Ask with quick replies
          </Choice>
          <Choice onChoose={() => send({ card })}>Send a card</Choice>
          <Choice onChoose={() => picture.current?.click()}>Send a picture</Choice>
        </Menu>
        <input
          ref={picture}
          class="hidden"
          type="file"
          tabIndex={-1}
          aria-label="A picture"
          accept="image/png,image/jpeg,image/gif"
          onChange={({ currentTarget }) => {
            const [file] = currentTarget.files ?? []
            if (file !== undefined) act(sendPicture(file))
            currentTarget.value = ''
          }}
        />
        <button type="submit" class="primary" disabled={text.trim() === ''}>
          {isInternal ? 'Add note' : 'Send'}
        </button>
      </div>
    </form>
  )
}
