import { useState } from 'preact/hooks'

/** A command to copy. */
export function Curl({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false)
  return (
    <div class="curl">
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <button
        type="button"
        onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
      >
        {isCopied ? 'Copied' : 'Copy'}
      </button>
    </div>
  )
}
