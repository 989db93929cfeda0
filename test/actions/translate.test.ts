import { test } from 'tap'
import { closeConversation } from '../../src/actions/close-conversation.ts'
import { sendMessage } from '../../src/actions/send-message.ts'
import { sendReceipt } from '../../src/actions/send-receipt.ts'
import { setChatState } from '../../src/actions/set-chat-state.ts'
import { setCsat } from '../../src/actions/set-csat.ts'
import { setProfile } from '../../src/actions/set-profile.ts'
import { setUrgency } from '../../src/actions/set-urgency.ts'
import { startTyping } from '../../src/actions/start-typing.ts'
import { stopTyping } from '../../src/actions/stop-typing.ts'
import { documented } from '../documented.ts'

const params = { id: 'cbf6e739-dfe6-4e3c-a544-2504afbe8747' }
const query = {}
const accountId = '12345678'

/** The documented payload without `kind` and `id`, which the client adds. */
function command(name: string, values: Record<string, string> = {}) {
  const { kind, id, ...rest } = documented(name, { conversationId: params.id, ...values }).upstream
    .body
  return rest
}

test('a text becomes the ContentEvent of the SEND page', async (t) => {
  for (const name of [
    '01-seed-send-text-message',
    '15-send-text-examples-page',
    '16-send-text-overview-page',
    '18-send-text-with-client-properties-auto-messages',
  ]) {
    const expected = command(name)
    const body = { text: expected.body.event.message }
    t.strictSame(sendMessage.translate({ accountId, params, query, body }), expected, name)
  }
})

test('typing becomes the ChatStateEvent COMPOSING of the SEND page', async (t) => {
  t.strictSame(
    startTyping.translate({ accountId, params, query, body: {} }),
    command('02-seed-consumer-typing'),
  )
})

test('an accept receipt becomes the AcceptStatusEvent of the SEND page', async (t) => {
  const body = { status: 'accept', sequences: [1, 2] } as const
  t.strictSame(
    sendReceipt.translate({ accountId, params, query, body: { ...body, sequences: [1, 2] } }),
    command('03-seed-accept-receipt'),
  )
})

test('every chat state has its documented payload', async (t) => {
  for (const [state, name] of [
    ['active', '06-chat-state-active'],
    ['inactive', '07-chat-state-inactive'],
    ['gone', '08-chat-state-gone'],
    ['pause', '09-chat-state-pause'],
    ['composing', '02-seed-consumer-typing'],
  ] as const) {
    t.strictSame(
      setChatState.translate({ accountId, params, query, body: { state } }),
      command(name),
      state,
    )
  }
})

test('the end of typing becomes the ChatStateEvent PAUSE', async (t) => {
  t.strictSame(
    stopTyping.translate({ accountId, params, query, body: undefined }),
    command('09-chat-state-pause'),
  )
})

test('every receipt has its documented payload', async (t) => {
  for (const [status, sequences, name] of [
    ['accept', [2, 3], '05-seed-accept-one-receipt-second-table-value'],
    ['read', [2, 3, 5], '10-receipt-read'],
    ['access', [2], '11-receipt-access'],
    ['nack', [2], '12-receipt-nack'],
  ] as const) {
    const body = { status, sequences: [...sequences] }
    t.strictSame(sendReceipt.translate({ accountId, params, query, body }), command(name), status)
  }
})

test('the receipt of a click carries its metadata at the top level', async (t) => {
  const metadata = [{ type: 'ExternalId', id: 'offer-yes' }]
  const body = { status: 'action', sequences: [4], metadata } as const
  t.strictSame(
    sendReceipt.translate({
      accountId,
      params,
      query,
      body: { ...body, sequences: [4], metadata },
    }),
    {
      type: 'ms.PublishEvent',
      body: {
        dialogId: params.id,
        event: { type: 'AcceptStatusEvent', status: 'ACTION', sequenceList: [4] },
      },
      metadata,
    },
  )
})

test('a file becomes the hosted/file of the examples page', async (t) => {
  const relativePath = '/v1/AUTH_async-images/64467156/6be59ddb_uuid_326931e5.JPEG'
  const expected = command('40-file-publish-message', { relativePath, imageData: 'iVBORw0KGgo=' })
  const body = { file: expected.body.event.message }
  t.strictSame(sendMessage.translate({ accountId, params, query, body }), expected)
})

test('metadata of a message travels beside its body', async (t) => {
  const metadata = [{ type: 'ExternalId', id: 'offer-yes' }]
  t.strictSame(
    sendMessage.translate({ accountId, params, query, body: { text: 'Yes', metadata } }),
    {
      type: 'ms.PublishEvent',
      body: {
        dialogId: params.id,
        event: { type: 'ContentEvent', contentType: 'text/plain', message: 'Yes' },
      },
      metadata,
    },
  )
})

test('a dialog of its own takes the place of the conversation in every published event', async (t) => {
  const dialogId = 'survey-dialog'
  for (const translated of [
    sendMessage.translate({ accountId, params, query, body: { text: 'Hi', dialogId } }),
    startTyping.translate({ accountId, params, query, body: { dialogId } }),
    stopTyping.translate({ accountId, params, query: { dialogId }, body: undefined }),
    setChatState.translate({ accountId, params, query, body: { state: 'active', dialogId } }),
    sendReceipt.translate({
      accountId,
      params,
      query,
      body: { status: 'read', sequences: [0], dialogId },
    }),
  ]) {
    t.equal('dialogId' in translated.body && translated.body.dialogId, dialogId)
  }
})

test('closing becomes the documented ConversationStateField', async (t) => {
  const expected = command('20-close-conversation-with-response')
  for (const body of [{}, { survey: false }]) {
    t.strictSame(closeConversation.translate({ accountId, params, query, body }), expected)
  }
  t.strictSame(command('19-close-conversation-numeric-id'), expected)
})

test('closing for a survey, or one dialog, becomes the DialogChange of the survey tutorial', async (t) => {
  for (const [body, dialogId] of [
    [{ survey: true }, params.id],
    [{ dialogId: 'survey-dialog' }, 'survey-dialog'],
    [{ survey: true, dialogId: 'survey-dialog' }, 'survey-dialog'],
  ] as const) {
    t.strictSame(closeConversation.translate({ accountId, params, query, body }), {
      type: 'cm.UpdateConversationField',
      body: {
        conversationId: params.id,
        conversationField: {
          field: 'DialogChange',
          type: 'UPDATE',
          dialog: { dialogId, state: 'CLOSE', closedCause: 'Closed by consumer' },
        },
      },
    })
  }
})

test('a rating becomes the documented CSATRate', async (t) => {
  const expected = command('22-submit-csat')
  t.strictSame(
    setCsat.translate({ accountId, params, query, body: { rating: 5, resolved: true } }),
    expected,
  )
  for (const [status, documentedStatus] of [
    ['filled', 'FILLED'],
    ['partially_filled', 'PARTIALLY_FILLED'],
    ['skipped', 'SKIPPED'],
  ] as const) {
    const { body } = setCsat.translate({
      accountId,
      params,
      query,
      body: { rating: 1, resolved: false, status },
    })
    t.match(body, {
      conversationField: {
        csatRate: 1,
        csatResolutionConfirmation: false,
        status: documentedStatus,
      },
    })
  }
})

test('an urgency becomes the documented TTRField', async (t) => {
  const body = { level: 'urgent', targetSeconds: 300 } as const
  t.strictSame(
    setUrgency.translate({ accountId, params, query, body }),
    command('23-mark-urgent-ttr'),
  )
  for (const [level, ttrType] of [
    ['normal', 'NORMAL'],
    ['prioritized', 'PRIORITIZED'],
    ['custom', 'CUSTOM'],
  ] as const) {
    t.match(
      setUrgency.translate({ accountId, params, query, body: { level, targetSeconds: 0 } }).body,
      {
        conversationField: { ttrType, value: 0 },
      },
    )
  }
})

test('a profile becomes the engagement attributes of the documented SetUserProfile', async (t) => {
  const { type, body } = command('26-set-user-profile')
  const customer = { socialId: '1234567890' }
  const personal = { firstname: 'John', lastname: 'Doe', gender: 'MALE' } as const
  const both = setProfile.translate({ accountId, params: {}, query, body: { customer, personal } })
  t.strictSame(both, { type, body: { authenticatedData: body.authenticatedData } })
  t.strictSame(setProfile.translate({ accountId, params: {}, query, body: { customer } }).body, {
    authenticatedData: { lp_sdes: [{ type: 'ctmrinfo', info: customer }] },
  })
  t.strictSame(setProfile.translate({ accountId, params: {}, query, body: { personal } }).body, {
    authenticatedData: { lp_sdes: [{ type: 'personal', personal }] },
  })
})
