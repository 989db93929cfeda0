/** One conversation that calls every operation, and looks at what came back. */
import assert from 'node:assert/strict'
import type { Calls, Envelope } from './calls.ts'

const dot =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=='

const picture = () => new File([Buffer.from(dot, 'base64')], 'dot.png', { type: 'image/png' })

function envelope(id: string, type: string, body: Envelope['body']): Envelope {
  return { kind: 'req', id, type, body }
}

/** The calls of a client, in the order of a conversation. Each is one operation, but `refusedMessage`, which is `sendMessage` once more. */
function steps(calls: Calls, accountId: string): Record<keyof Calls, () => Promise<void>> {
  let id = ''
  let file = ''
  return {
    setProfile: async () => void (await calls.setProfile('Ada')),
    openConversation: async () => {
      const opened = await calls.openConversation('Ada')
      id = opened.conversationId
      assert.match(id, /^[\w-]+$/)
    },
    sendMessage: async () => assert.equal((await calls.sendMessage(id, 'Hi')).sequence, 0),
    startTyping: async () => void (await calls.startTyping(id, 20)),
    stopTyping: async () => void (await calls.stopTyping(id, id)),
    setChatState: async () => void (await calls.setChatState(id, 'active')),
    sendReceipt: async () => assert.equal((await calls.sendReceipt(id, [0])).sequence, 1),
    setUrgency: async () => void (await calls.setUrgency(id, 300)),
    sendFile: async () => {
      const sent = await calls.sendFile(id, picture(), 'One black dot')
      file = sent.file.relativePath
      assert.match(file, /\.PNG$/)
    },
    getFile: async () => {
      const bytes = Buffer.from(await (await calls.getFile(id, file)).arrayBuffer())
      assert.equal(bytes.toString('base64'), dot)
    },
    nativeSend: async () => {
      const event = { type: 'ContentEvent', contentType: 'text/plain', message: 'Hi' }
      const command = envelope('native-1', 'ms.PublishEvent', { dialogId: id, event })
      assert.equal((await calls.nativeSend(accountId, command)).code, 'OK')
    },
    closeConversation: async () => void (await calls.closeConversation(id)),
    refusedMessage: async () => {
      const { status, code, delivery } = await calls.refusedMessage(id, 'Hi')
      assert.deepEqual([status, code, delivery], [409, 'conversation-closed', 'not-sent'])
    },
    setCsat: async () => void (await calls.setCsat(id, 5)),
    nativeConversation: async () => {
      const answers = await calls.nativeConversation(accountId, [
        envelope('native-2', 'userprofile.SetUserProfile', {}),
        envelope('native-3', 'cm.ConsumerRequestConversation', { brandId: accountId }),
      ])
      assert.deepEqual(
        answers.map(({ code }) => code),
        ['OK', 'OK'],
      )
    },
    getLiveness: async () => assert.equal((await calls.getLiveness()).status, 'alive'),
    getReadiness: async () => assert.equal((await calls.getReadiness()).status, 'ready'),
    getMetrics: async () => assert.match(await calls.getMetrics(), /^# HELP /),
    listProblems: async () => assert.ok((await calls.listProblems()).problems.length > 30),
    getProblem: async () => assert.equal((await calls.getProblem('rate-limited')).status, 429),
  }
}

/** @returns by its name what each call failed with, or undefined */
export async function converse(
  calls: Calls,
  accountId: string,
): Promise<Record<string, string | undefined>> {
  const outcomes: Record<string, string | undefined> = {}
  for (const [name, step] of Object.entries(steps(calls, accountId))) {
    try {
      await step()
      outcomes[name] = undefined
    } catch (error) {
      outcomes[name] = error instanceof Error ? error.message : JSON.stringify(error)
    }
  }
  return outcomes
}
