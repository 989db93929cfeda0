import { ok } from '@oazapfts/runtime'
import { type CreateCalls, closed } from './calls.ts'
import * as api from './generated/oazapfts.ts'

export const createCalls: CreateCalls = (baseUrl, xLpConsumerId) => {
  api.defaults.baseUrl = baseUrl
  const header = { xLpConsumerId }
  return {
    openConversation: (firstname) =>
      ok(api.openConversation({ profile: { personal: { firstname } } }, header)),
    sendMessage: (id, text) => ok(api.sendMessage(id, { text }, header)),
    startTyping: (id, expiresInSeconds) => ok(api.startTyping(id, { expiresInSeconds }, header)),
    stopTyping: (id, dialogId) => ok(api.stopTyping(id, { ...header, dialogId })),
    setChatState: (id, state) => ok(api.setChatState(id, { state }, header)),
    sendReceipt: (id, sequences) => ok(api.sendReceipt(id, { status: 'read', sequences }, header)),
    setUrgency: (id, targetSeconds) =>
      ok(api.setUrgency(id, { level: 'urgent', targetSeconds }, header)),
    setCsat: (id, rating) => ok(api.setCsat(id, { rating, resolved: true }, header)),
    closeConversation: (id) => ok(api.closeConversation(id, undefined, header)),
    setProfile: (firstname) => ok(api.setProfile({ personal: { firstname } }, header)),
    sendFile: (id, file, caption) => ok(api.sendFile(id, { file, caption }, header)),
    getFile: (id, relativePath) => ok(api.getFile(id, relativePath, header)),
    nativeConversation: (accountId, body) =>
      ok(api.nativeConversation(accountId, '3', body, header)),
    nativeSend: (accountId, body) => ok(api.nativeSend(accountId, '3', body, header)),
    getLiveness: () => ok(api.getLiveness()),
    getReadiness: () => ok(api.getReadiness()),
    getMetrics: () => ok(api.getMetrics()),
    listProblems: () => ok(api.listProblems()),
    getProblem: (code) => ok(api.getProblem(code)),
    refusedMessage: async (id, text) => {
      const answer = await api.sendMessage(id, { text }, header)
      if (answer.status === 201) throw new Error('it was sent')
      return closed(answer.data)
    },
  }
}
