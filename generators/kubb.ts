import { axiosInstance } from '@kubb/plugin-client/clients/axios'
import { isAxiosError } from 'axios'
import { type CreateCalls, closed } from './calls.ts'
import * as api from './generated/kubb/index.ts'

// axios’ usual adapter knows no Blob in Node.js.
const blob = { responseType: 'blob', adapter: 'fetch' } as const

export const createCalls: CreateCalls = (baseURL, consumerId) => {
  axiosInstance.defaults.baseURL = baseURL
  const headers = { 'X-LP-Consumer-Id': consumerId }
  const v = { v: '3' } as const
  return {
    openConversation: (firstname) =>
      api.openConversation({ profile: { personal: { firstname } } }, {}, headers),
    sendMessage: (id, text) => api.sendMessage(id, { text }, {}, headers),
    startTyping: (id, expiresInSeconds) => api.startTyping(id, { expiresInSeconds }, {}, headers),
    stopTyping: (id, dialogId) => api.stopTyping(id, { dialogId }, headers),
    setChatState: (id, state) => api.setChatState(id, { state }, {}, headers),
    sendReceipt: (id, sequences) => api.sendReceipt(id, { status: 'read', sequences }, {}, headers),
    setUrgency: (id, targetSeconds) =>
      api.setUrgency(id, { level: 'urgent', targetSeconds }, {}, headers),
    setCsat: (id, rating) => api.setCsat(id, { rating, resolved: true }, {}, headers),
    closeConversation: (id) => api.closeConversation(id, undefined, {}, headers),
    setProfile: (firstname) => api.setProfile({ personal: { firstname } }, {}, headers),
    sendFile: (id, file, caption) => api.sendFile(id, { file, caption }, {}, headers),
    getFile: (id, relativePath) => api.getFile(id, relativePath, {}, headers, blob),
    nativeConversation: (accountId, body) => api.nativeConversation(accountId, body, v, headers),
    nativeSend: (accountId, body) => api.nativeSend(accountId, body, v, headers),
    getLiveness: () => api.getLiveness(),
    getReadiness: () => api.getReadiness(),
    getMetrics: () => api.getMetrics(),
    listProblems: () => api.listProblems(),
    getProblem: (code) => api.getProblem(code),
    refusedMessage: async (id, text) => {
      try {
        await api.sendMessage(id, { text }, {}, headers)
      } catch (error) {
        const isKnown = isAxiosError<api.SendMessage409>(error)
        if (isKnown && error.response !== undefined) return closed(error.response.data)
        throw error
      }
      throw new Error('it was sent')
    },
  }
}
