import { type CreateCalls, closed } from './calls.ts'
import { Api } from './generated/swagger-typescript-api.ts'

/** @throws what the operation answered instead */
async function dataOf<T>(answer: Promise<{ ok: boolean; data: T; error: unknown }>): Promise<T> {
  const { ok, data, error } = await answer
  if (!ok) throw error
  return data
}

export const createCalls: CreateCalls = (baseUrl, consumerId) => {
  const { conversations, consumer, api, livez, readyz, metrics, problems } = new Api({
    baseUrl,
    // Its methods take no headers, so the consumer is the same for all.
    baseApiParams: { headers: { 'X-LP-Consumer-Id': consumerId } },
  })
  const v = { v: '3' } as const
  return {
    openConversation: (firstname) =>
      dataOf(conversations.openConversation({}, { profile: { personal: { firstname } } })),
    sendMessage: (id, text) => dataOf(conversations.sendMessage(id, { text })),
    startTyping: (id, expiresInSeconds) =>
      dataOf(conversations.startTyping(id, {}, { expiresInSeconds })),
    stopTyping: (id, dialogId) => dataOf(conversations.stopTyping(id, { dialogId })),
    setChatState: (id, state) => dataOf(conversations.setChatState(id, { state })),
    sendReceipt: (id, sequences) =>
      dataOf(conversations.sendReceipt(id, { status: 'read', sequences })),
    setUrgency: (id, targetSeconds) =>
      dataOf(conversations.setUrgency(id, { level: 'urgent', targetSeconds })),
    setCsat: (id, rating) => dataOf(conversations.setCsat(id, { rating, resolved: true })),
    closeConversation: (id) => dataOf(conversations.closeConversation(id)),
    setProfile: (firstname) => dataOf(consumer.setProfile({ personal: { firstname } })),
    sendFile: (id, file, caption) => dataOf(conversations.sendFile(id, { file, caption })),
    getFile: (id, relativePath) => dataOf(conversations.getFile(id, relativePath)),
    nativeConversation: (accountId, body) => dataOf(api.nativeConversation(accountId, v, body)),
    nativeSend: (accountId, body) => dataOf(api.nativeSend(accountId, v, body)),
    getLiveness: () => dataOf(livez.getLiveness()),
    getReadiness: () => dataOf(readyz.getReadiness()),
    getMetrics: () => dataOf(metrics.getMetrics({ format: 'text' })),
    listProblems: () => dataOf(problems.listProblems()),
    getProblem: (code) => dataOf(problems.getProblem(code)),
    refusedMessage: async (id, text) => {
      const { ok, error } = await conversations.sendMessage(id, { text })
      if (ok) throw new Error('it was sent')
      return closed(error)
    },
  }
}
