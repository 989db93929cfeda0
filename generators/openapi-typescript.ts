import createClient from 'openapi-fetch'
import { type CreateCalls, closed } from './calls.ts'
import type { paths } from './generated/openapi-typescript.ts'

/** @throws what the operation answered instead */
async function dataOf<T>(answer: Promise<{ data?: T; error?: unknown }>): Promise<T> {
  const { data, error } = await answer
  if (data === undefined) throw error
  return data
}

async function silent(answer: Promise<{ error?: unknown }>): Promise<void> {
  const { error } = await answer
  if (error !== undefined) throw error
}

function toForm(fields: Record<string, string | Blob | undefined>): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) form.set(name, value)
  }
  return form
}

export const createCalls: CreateCalls = (baseUrl, consumerId) => {
  const { GET, POST, PUT, DELETE } = createClient<paths>({ baseUrl })
  const header = { 'X-LP-Consumer-Id': consumerId }
  const at = (id: string) => ({ params: { path: { id }, header } })
  const native = (accountId: string) => ({
    params: { path: { accountId }, query: { v: '3' }, header } as const,
  })
  return {
    openConversation: (firstname) =>
      dataOf(
        POST('/conversations', {
          params: { header },
          body: { profile: { personal: { firstname } } },
        }),
      ),
    sendMessage: (id, text) =>
      dataOf(POST('/conversations/{id}/messages', { ...at(id), body: { text } })),
    startTyping: (id, expiresInSeconds) =>
      silent(POST('/conversations/{id}/typing', { ...at(id), body: { expiresInSeconds } })),
    stopTyping: (id, dialogId) =>
      silent(
        DELETE('/conversations/{id}/typing', {
          params: { path: { id }, query: { dialogId }, header },
        }),
      ),
    setChatState: (id, state) =>
      silent(PUT('/conversations/{id}/chat-state', { ...at(id), body: { state } })),
    sendReceipt: (id, sequences) =>
      dataOf(
        POST('/conversations/{id}/receipts', { ...at(id), body: { status: 'read', sequences } }),
      ),
    setUrgency: (id, targetSeconds) =>
      silent(
        PUT('/conversations/{id}/urgency', { ...at(id), body: { level: 'urgent', targetSeconds } }),
      ),
    setCsat: (id, rating) =>
      silent(PUT('/conversations/{id}/csat', { ...at(id), body: { rating, resolved: true } })),
    closeConversation: (id) => silent(POST('/conversations/{id}/close', at(id))),
    setProfile: (firstname) =>
      silent(PUT('/consumer/profile', { params: { header }, body: { personal: { firstname } } })),
    sendFile: (id, file, caption) =>
      dataOf(
        POST('/conversations/{id}/files', {
          ...at(id),
          body: { file, caption },
          bodySerializer: toForm,
        }),
      ),
    getFile: (id, relativePath) =>
      dataOf(
        GET('/conversations/{id}/files/{relativePath}', {
          params: { path: { id, relativePath }, header },
          parseAs: 'blob',
        }),
      ),
    nativeConversation: (accountId, body) =>
      dataOf(
        POST('/api/account/{accountId}/messaging/consumer/conversation', {
          ...native(accountId),
          body,
        }),
      ),
    nativeSend: (accountId, body) =>
      dataOf(
        POST('/api/account/{accountId}/messaging/consumer/conversation/send', {
          ...native(accountId),
          body,
        }),
      ),
    getLiveness: () => dataOf(GET('/livez')),
    getReadiness: () => dataOf(GET('/readyz')),
    getMetrics: () => dataOf(GET('/metrics', { parseAs: 'text' })),
    listProblems: () => dataOf(GET('/problems')),
    getProblem: (code) => dataOf(GET('/problems/{code}', { params: { path: { code } } })),
    refusedMessage: async (id, text) => {
      const { error } = await POST('/conversations/{id}/messages', { ...at(id), body: { text } })
      if (error === undefined) throw new Error('it was sent')
      return closed(error)
    },
  }
}
