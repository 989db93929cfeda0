import { type CreateCalls, closed } from './calls.ts'
import { createClient } from './generated/hey-api/client/index.ts'
import * as api from './generated/hey-api/sdk.gen.ts'

export const createCalls: CreateCalls = (baseUrl, consumerId) => {
  const client = createClient({ baseUrl })
  const headers = { 'X-LP-Consumer-Id': consumerId }
  const terms = { client, throwOnError: true } as const
  const at = (id: string) => ({ ...terms, headers, path: { id } })
  const native = (accountId: string) =>
    ({ ...terms, headers, path: { accountId }, query: { v: '3' } }) as const
  return {
    openConversation: async (firstname) =>
      (
        await api.openConversation({
          ...terms,
          headers,
          body: { profile: { personal: { firstname } } },
        })
      ).data,
    sendMessage: async (id, text) => (await api.sendMessage({ ...at(id), body: { text } })).data,
    startTyping: (id, expiresInSeconds) =>
      api.startTyping({ ...at(id), body: { expiresInSeconds } }),
    stopTyping: (id, dialogId) => api.stopTyping({ ...at(id), query: { dialogId } }),
    setChatState: (id, state) => api.setChatState({ ...at(id), body: { state } }),
    sendReceipt: async (id, sequences) =>
      (await api.sendReceipt({ ...at(id), body: { status: 'read', sequences } })).data,
    setUrgency: (id, targetSeconds) =>
      api.setUrgency({ ...at(id), body: { level: 'urgent', targetSeconds } }),
    setCsat: (id, rating) => api.setCsat({ ...at(id), body: { rating, resolved: true } }),
    closeConversation: (id) => api.closeConversation(at(id)),
    setProfile: (firstname) =>
      api.setProfile({ ...terms, headers, body: { personal: { firstname } } }),
    sendFile: async (id, file, caption) =>
      (await api.sendFile({ ...at(id), body: { file, caption } })).data,
    getFile: async (id, relativePath) =>
      (await api.getFile({ ...terms, headers, path: { id, relativePath } })).data,
    nativeConversation: async (accountId, body) =>
      (await api.nativeConversation({ ...native(accountId), body })).data,
    nativeSend: async (accountId, body) =>
      (await api.nativeSend({ ...native(accountId), body })).data,
    getLiveness: async () => (await api.getLiveness(terms)).data,
    getReadiness: async () => (await api.getReadiness(terms)).data,
    getMetrics: async () => (await api.getMetrics(terms)).data,
    listProblems: async () => (await api.listProblems(terms)).data,
    getProblem: async (code) => (await api.getProblem({ ...terms, path: { code } })).data,
    refusedMessage: async (id, text) => {
      const { error } = await api.sendMessage({ client, headers, path: { id }, body: { text } })
      if (error === undefined) throw new Error('it was sent')
      return closed(error)
    },
  }
}
