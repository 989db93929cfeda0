import type {
  CallRow,
  Changes,
  ConversationSummary,
  Entry,
  NotificationRow,
  Overview,
} from '../model.ts'

export type Detail = ConversationSummary & { entries: Entry[]; profile: unknown; isWhole: boolean }

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(path, init)
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.detail ?? answer.sandbox ?? `${response.status}`)
  return answer
}

function withBody(method: string, body: object): RequestInit {
  return { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

/** The API of the sandbox; the desk uses nothing else. */
export const api = {
  read: <T>(path: string) => ask<T>(`/sandbox${path}`),
  post: <T = unknown>(path: string, body: object = {}) =>
    ask<T>(`/sandbox${path}`, withBody('POST', body)),
  put: <T = unknown>(path: string, body: object) =>
    ask<T>(`/sandbox${path}`, withBody('PUT', body)),
  remove: (path: string) => ask(`/sandbox${path}`, withBody('DELETE', {})),
}

export async function readAll(): Promise<Changes> {
  const [overview, { conversations }, { calls }, { notifications }] = await Promise.all([
    api.read<Overview>(''),
    api.read<{ conversations: ConversationSummary[] }>('/conversations?limit=300'),
    api.read<{ calls: CallRow[] }>('/calls?limit=200'),
    api.read<{ notifications: NotificationRow[] }>('/notifications?limit=200'),
  ])
  return { reset: true, overview, conversations, calls, notifications }
}

/** Live changes; after a gap all is read anew. */
export function watch(onChanges: (changes: Changes) => void, onState: (isLive: boolean) => void) {
  const stream = new EventSource('/sandbox/stream')
  stream.onopen = () => {
    onState(true)
    void readAll().then(onChanges, () => {})
  }
  stream.onerror = () => onState(false)
  stream.onmessage = ({ data }) => onChanges(JSON.parse(data))
}

/** The path of a conversation, which two accounts may share. */
export function pathOf({ id, accountId }: ConversationSummary, action = ''): string {
  return `/conversations/${id}${action}?account=${accountId}`
}
