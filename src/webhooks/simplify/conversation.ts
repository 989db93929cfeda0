/** The state of a conversation. LivePerson sends the whole of it at every change. */
import type {
  ConversationChange,
  ConversationDetails,
  Dialog,
  Participant,
} from '../../liveengage/protocol/notifications.ts'
import type { Conversation, ConversationClosed, ConversationUpdated } from '../events.ts'
import { asTime, type Context } from './change.ts'
import { digestOf, eventId } from './event-id.ts'

/**
 * @param json the change as it came
 */
export function simplifyConversation(
  { result: { convId, conversationDetails: details } }: ConversationChange,
  json: Readonly<Record<string, unknown>>,
  { accountId, clientId, receivedAt }: Context,
): ConversationUpdated | ConversationClosed {
  const { metaDataLastUpdateTs: updatedTs } = details
  const status = statusOf(details)
  return {
    id: eventId(accountId, [convId, updatedTs, digestOf(json['result'])], json),
    type: status === 'closed' ? 'conversation.closed' : 'conversation.updated',
    timestamp: asTime(updatedTs ?? receivedAt),
    data: { accountId, conversationId: convId, status, ...stateOf(convId, details, clientId) },
  }
}

function stateOf(
  convId: string,
  details: ConversationDetails,
  clientId: string,
): Omit<Conversation, 'accountId' | 'conversationId' | 'status'> {
  const { skillId, closeReason, startTs, endTs, metaDataLastUpdateTs, csat } = details
  const dialogs = details.dialogs ?? []
  const main = dialogs.find((dialog) => typeOf(dialog, convId) === 'main')
  const survey = dialogs.find(isOpenSurvey)
  return {
    agent: agentOf(main?.participantsDetails ?? details.participants ?? []),
    ...(skillId !== undefined && { skillId }),
    ...(survey !== undefined && { surveyDialogId: survey.dialogId }),
    origin: originOf(main, clientId),
    ...(closeReason !== undefined && { closeReason }),
    ...(startTs !== undefined && { startedAt: asTime(startTs) }),
    ...(endTs !== undefined && { endedAt: asTime(endTs) }),
    ...(metaDataLastUpdateTs !== undefined && { updatedAt: asTime(metaDataLastUpdateTs) }),
    participants: participantsOf(details),
    dialogs: dialogs.map((dialog) => simplifyDialog(dialog, convId)),
    ...(csat !== undefined && { csat }),
    ...delayOf(details),
  }
}

/** A conversation whose main dialog is closed goes on while a survey runs. */
function statusOf({ state, stage, dialogs = [] }: ConversationDetails): Conversation['status'] {
  if (isClosed(stage ?? state)) return 'closed'
  return isClosed(state) || dialogs.some(isOpenSurvey) ? 'survey' : 'open'
}

/** One table of the documentation says `CLOSED`, the payloads `CLOSE`. */
function isClosed(state: string | undefined): boolean {
  return state === 'CLOSE' || state === 'CLOSED'
}

function isOpenSurvey({ dialogType, state }: Dialog): boolean {
  return dialogType === 'POST_SURVEY' && !isClosed(state)
}

/** Whoever may write, in any role: in some accounts human agents are MANAGER. A READER only reads. */
function agentOf(participants: readonly Participant[]): Conversation['agent'] {
  const joined = participants.filter(
    ({ role, state }) =>
      state === 'ACTIVE' && role !== 'CONSUMER' && role !== 'CONTROLLER' && role !== 'READER',
  )
  const agent = joined.find(({ role }) => role === 'ASSIGNED_AGENT') ?? joined[0]
  return agent === undefined ? null : { id: agent.id }
}

/** The metadata of the main dialog names the app installation that opened it. */
function originOf(main: Dialog | undefined, clientId: string): Conversation['origin'] {
  const appInstallId = main?.metaData?.appInstallId
  if (appInstallId === undefined) return 'unknown'
  return appInstallId === clientId ? 'this-app' : 'other'
}

function participantsOf({
  participants,
  participantsPId,
  dialogs = [],
}: ConversationDetails): Conversation['participants'] {
  if (participants === undefined && participantsPId !== undefined) {
    return Object.entries(participantsPId).flatMap(([role, ids]) => ids.map((id) => ({ id, role })))
  }
  const details = participants ?? dialogs.flatMap((dialog) => dialog.participantsDetails ?? [])
  return details.map(({ id, role }) => ({ id, ...(role !== undefined && { role }) }))
}

function simplifyDialog(dialog: Dialog, convId: string): Conversation['dialogs'][number] {
  const { dialogId, state, closedBy, closedCause } = dialog
  return {
    dialogId,
    type: typeOf(dialog, convId),
    status: isClosed(state) ? 'closed' : 'open',
    ...(closedBy !== undefined && { closedBy }),
    ...(closedCause !== undefined && { closedCause }),
  }
}

/** The main dialog has the conversation's id. */
function typeOf({ dialogId, dialogType }: Dialog, convId: string): string {
  return dialogType?.toLowerCase() ?? (dialogId === convId ? 'main' : 'other')
}

function delayOf({ delay }: ConversationDetails): Pick<Conversation, 'delay'> {
  if (delay === undefined) return {}
  const { type, tillWhen } = delay
  return {
    delay: {
      ...(type !== undefined && { type: type.toLowerCase() }),
      ...(tillWhen !== undefined && { until: asTime(tillWhen) }),
    },
  }
}
