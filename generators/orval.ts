import axios from 'axios'
import { type CreateCalls, closed } from './calls.ts'
import * as api from './generated/orval.ts'

// axios’ usual adapter knows no Blob in Node.js.
const blob = { adapter: 'fetch' }

const dataOf = async <T>(answer: Promise<{ data: T }>): Promise<T> => (await answer).data

export const createCalls: CreateCalls = (baseURL, consumerId) => {
  axios.defaults.baseURL = baseURL
  const headers = { 'X-LP-Consumer-Id': consumerId }
  const v = { v: '3' } as const
  return {
    openConversation: (firstname) =>
      dataOf(api.openConversation({ profile: { personal: { firstname } } }, {}, headers)),
    sendMessage: (id, text) => dataOf(api.sendMessage(id, { text }, {}, headers)),
    startTyping: (id, expiresInSeconds) => api.startTyping(id, { expiresInSeconds }, {}, headers),
    stopTyping: (id, dialogId) => api.stopTyping(id, { dialogId }, headers),
    setChatState: (id, state) => api.setChatState(id, { state }, {}, headers),
    sendReceipt: (id, sequences) =>
      dataOf(api.sendReceipt(id, { status: 'read', sequences }, {}, headers)),
    setUrgency: (id, targetSeconds) =>
      api.setUrgency(id, { level: 'urgent', targetSeconds }, {}, headers),
    setCsat: (id, rating) => api.setCsat(id, { rating, resolved: true }, {}, headers),
    closeConversation: (id) => api.closeConversation(id, undefined, {}, headers),
    setProfile: (firstname) => api.setProfile({ personal: { firstname } }, {}, headers),
    sendFile: (id, file, caption) => dataOf(api.sendFile(id, { file, caption }, {}, headers)),
    getFile: (id, relativePath) => dataOf(api.getFile(id, relativePath, {}, headers, blob)),
    nativeConversation: (accountId, body) =>
      dataOf(api.nativeConversation(accountId, body, v, headers)),
    nativeSend: (accountId, body) => dataOf(api.nativeSend(accountId, body, v, headers)),
    getLiveness: () => dataOf(api.getLiveness()),
    getReadiness: () => dataOf(api.getReadiness()),
    getMetrics: () => dataOf(api.getMetrics()),
    listProblems: () => dataOf(api.listProblems()),
    getProblem: (code) => dataOf(api.getProblem(code)),
    refusedMessage: async (id, text) => {
      try {
        await api.sendMessage(id, { text }, {}, headers)
      } catch (error) {
        const isKnown = axios.isAxiosError<api.Conflict2Response>(error)
        if (isKnown && error.response !== undefined) return closed(error.response.data)
        throw error
      }
      throw new Error('it was sent')
    },
  }
}
