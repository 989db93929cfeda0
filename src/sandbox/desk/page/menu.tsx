import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** What opens below its button, and closes on Escape, on a choice and elsewhere. */
export function Menu(props: {
  label: string
  tone?: 'good' | 'bad' | 'open'
  up?: boolean
  children: ComponentChildren
}) {
  const menu = useRef<HTMLDetailsElement>(null)
  useEffect(() => {
    function close(event: Event): void {
      const { current } = menu
      if (current === null || !current.open) return
      const isElsewhere = event.target instanceof Node && !current.contains(event.target)
      const isEscape = event instanceof KeyboardEvent && event.key === 'Escape'
      if (isEscape) current.querySelector('summary')?.focus()
      if (isEscape || (event.type === 'click' && isElsewhere)) current.open = false
    }
    document.addEventListener('click', close)
    document.addEventListener('keydown', close)
    return () => {
      document.removeEventListener('click', close)
      document.removeEventListener('keydown', close)
    }
  }, [])
  return (
    <details class={`menu ${props.up === true ? 'up' : ''}`} ref={menu}>
      <summary class={`button ${props.tone ?? ''}`}>{props.label}</summary>
      <div class="menu-body">{props.children}</div>
    </details>
  )
}

/** A choice in a menu. */
export function Choice(props: { onChoose: () => void; children: ComponentChildren }) {
  return (
    <button
      type="button"
      class="choice"
      onClick={({ currentTarget }) => {
        currentTarget.closest('details')?.removeAttribute('open')
        props.onChoose()
      }}
    >
      {props.children}
    </button>
  )
}
