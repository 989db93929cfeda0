import { type Conversation, type Dialog, isOpen } from '../memory/conversations.ts'
import { controller, surveyBot } from '../memory/parties.ts'

/** The whole state of a conversation, as sent at every change. Source: webhooks pages, events; PCS tutorial. */
export function conversationNotification(conversation: Conversation, sentAt: number): object {
  return {
    kind: 'notification',
    body: { sentTs: sentAt, changes: [{ type: 'UPSERT', result: resultOf(conversation) }] },
    type: 'cqm.ExConversationChangeNotification',
  }
}

function resultOf(conversation: Conversation): object {
  const { account, id, main, survey, skillId, ttr, csat } = conversation
  return {
    convId: id,
    effectiveTTR: main.open ? conversation.startedAt + ttr.value * 1000 : -1,
    conversationDetails: {
      skillId,
      participants: participantsOf(conversation),
      dialogs: [main, ...(survey === undefined ? [] : [survey])].map(dialogState),
      brandId: account,
      state: main.open ? 'OPEN' : 'CLOSE',
      stage: isOpen(conversation) ? 'OPEN' : 'CLOSE',
      startTs: conversation.startedAt,
      metaDataLastUpdateTs: conversation.updatedAt,
      ttr,
      conversationHandlerDetails: { accountId: account, skillId },
      ...(conversation.closeReason === undefined ? {} : { closeReason: conversation.closeReason }),
      ...(conversation.endedAt === undefined ? {} : { endTs: conversation.endedAt }),
      ...(csat === undefined ? {} : { csat }),
    },
  }
}

function participantsOf({ consumer, agent, survey }: Conversation): object[] {
  const assigned = agent === undefined ? [] : [{ id: agent.id, role: 'ASSIGNED_AGENT' }]
  const reader = agent === undefined ? [] : [{ id: agent.id, role: 'READER' }]
  return [
    { id: consumer, role: 'CONSUMER' },
    ...assigned,
    ...(survey === undefined ? [] : [surveyBot, ...reader, controller]),
  ]
}

function dialogState(dialog: Dialog): object {
  const { endedAt, closedBy, closedCause } = dialog
  return {
    dialogId: dialog.id,
    participantsDetails: dialog.parties,
    dialogType: dialog.type,
    channelType: 'MESSAGING',
    metaData: { appInstallId: dialog.appInstallId },
    state: dialog.open ? 'OPEN' : 'CLOSE',
    creationTs: dialog.startedAt,
    metaDataLastUpdateTs: dialog.updatedAt,
    ...(endedAt === undefined ? {} : { endTs: endedAt }),
    ...(closedBy === undefined ? {} : { closedBy }),
    ...(closedCause === undefined ? {} : { closedCause }),
  }
}
