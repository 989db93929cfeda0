import type {
  GenerateUrlForDownloadFile,
  GenerateUrlForUploadFile,
  UpdateConversationField,
} from '../../liveengage/protocol/commands.ts'
import type { SendRequest } from '../../liveengage/protocol/requests.ts'
import { answerSurvey, closeConversation, closeOneDialog } from '../closing.ts'
import { publish, tellChange } from '../happenings.ts'
import { type Caller, type Conversation, dialogOf, isOpen } from '../memory/conversations.ts'
import { filesOf, maxFileBytes } from '../memory/files.ts'
import type { State } from '../memory/state.ts'
import type { Admitted } from './admission.ts'
import type { SendDocument } from './documents.ts'
import { isObject } from './reading.ts'
import { badRequest, conversationClosed, platformError } from './refusals.ts'

type Call = Admitted<SendDocument>
type Publication = Extract<SendDocument, { type: 'ms.PublishEvent' }>

/** Carries out a valid SEND and returns the `body` of its answer. */
export function accept(state: State, call: Call, request: SendDocument, reqId: string) {
  switch (request.type) {
    case 'ms.PublishEvent':
      return publishEvent(state, call, request, reqId)
    case 'cm.UpdateConversationField':
      return update(state, call, request, reqId)
    case 'userprofile.SetUserProfile':
      return setProfile(state, call, request)
    case 'ms.GenerateURLForUploadFile':
      return generateUploadUrl(state, call, request, reqId)
    case 'ms.GenerateURLForDownloadFile':
      return generateDownloadUrl(state, call, request, reqId)
  }
}

/** The conversation of a dialog, made when never seen before; a stranger is refused with 401. Source: Overview page. */
function reach(state: State, { caller, clientProperties }: Call, dialogId: string): Conversation {
  const known = state.conversations.ofDialog(caller.account, dialogId)
  const conversation = known ?? newlySeen(state, caller, dialogId)
  if (conversation.owner !== undefined && conversation.owner !== caller.consumer) {
    // The status is documented, an errorCode is not.
    throw platformError(
      { code: 401, title: 'Unauthorized' },
      'the conversation belongs to another consumer',
    )
  }
  noteClientProperties(conversation, clientProperties)
  return conversation
}

function newlySeen(state: State, { account, consumer, externalId }: Caller, id: string) {
  const appInstallId = state.clientId
  const conversation = state.conversations.create({
    ...{ account, id, consumer, externalId, appInstallId },
  })
  tellChange(state, conversation)
  return conversation
}

/** A survey may follow if the consumer's side says that it can show a second dialog. Source: Messaging Window PCS tutorial. */
export function noteClientProperties(conversation: Conversation, properties: unknown): void {
  const features = isObject(properties) ? properties['features'] : undefined
  if (Array.isArray(features) && features.includes('MULTI_DIALOG')) conversation.hasDialogs = true
}

/** The dialog is the key: SEND names no conversation here, and the main dialog has the conversation's id. */
function publishEvent(state: State, call: Call, request: Publication, reqId: string) {
  const { dialogId, event } = request.body
  const conversation = reach(state, call, dialogId)
  const dialog = dialogOf(conversation, dialogId)
  if (!dialog.open) throw conversationClosed(reqId)
  const entry = call.entryOf(request, dialog.id)
  const sequence = publish(state, conversation, event, entry, call.bytes)
  if (dialog.type === 'POST_SURVEY' && event.type === 'ContentEvent') {
    answerSurvey(
      state,
      conversation,
      dialog,
      event.contentType === 'text/plain' ? event.message : '',
    )
  }
  return { sequence }
}

/** Only the first two messages are documented. Source: lp-devassist-connectors. */
const updated = {
  ConversationStateField: 'OK Conversation resolved successfully',
  DialogChange: 'OK Dialog closed successfully',
  CSATRate: 'OK CSAT rate set successfully',
  TTRField: 'OK TTR set successfully',
  Skill: 'OK Skill set successfully',
} as const

function update(state: State, call: Call, request: UpdateOf<SendRequest>, reqId: string) {
  const { conversationId, conversationField: change } = request.body
  const id = change.field === 'DialogChange' ? change.dialog.dialogId : conversationId
  const conversation = reach(state, call, id)
  const dialog = dialogOf(conversation, id)
  const isClosed = change.field === 'DialogChange' ? !dialog.open : !isOpen(conversation)
  const closes = change.field === 'DialogChange' || change.field === 'ConversationStateField'
  if (closes && isClosed) throw conversationClosed(reqId)

  const { conversations } = state
  conversations.record(conversation, call.entryOf(request, dialog.id), call.bytes)
  const by = { id: call.caller.consumer, role: 'CONSUMER' } as const
  switch (change.field) {
    case 'ConversationStateField':
      closeConversation(state, conversation, by)
      break
    case 'DialogChange': {
      const cause = change.dialog.closedCause
      closeOneDialog(state, conversation, dialog, { by, cause, survey: conversation.hasDialogs })
      break
    }
    case 'CSATRate': {
      // It comes after the close, and tells the closed state again. Source: lp-devassist-connectors.
      const { csatRate, csatResolutionConfirmation, status } = change
      conversation.csat = { csatRate, csatResolutionConfirmation, status }
      tellChange(state, conversation)
      break
    }
    case 'TTRField':
      conversation.ttr = { ttrType: change.ttrType, value: change.value }
      tellChange(state, conversation)
      break
    case 'Skill':
      conversation.skillId = change.skill
      tellChange(state, conversation)
  }
  return { msg: updated[change.field] }
}
type UpdateOf<T> = Extract<T, { type: UpdateConversationField['type'] }>

/** It names no conversation, so it is shown with the consumer's open one, if any. */
function setProfile(
  { conversations }: State,
  { caller, bytes, entryOf }: Call,
  request: Extract<SendRequest, { type: 'userprofile.SetUserProfile' }>,
) {
  const conversation = conversations.openOf(caller)
  if (conversation !== undefined) {
    conversation.profile = request.body
    conversations.record(conversation, entryOf(request, conversation.id), bytes)
  }
  return { msg: 'OK User Profile set successfully' }
}

function generateUploadUrl(
  { files }: State,
  { caller }: Call,
  { body }: GenerateUrlForUploadFile,
  reqId: string,
) {
  const fileSize = Number(body.fileSize)
  if (fileSize > maxFileBytes) {
    throw badRequest(`/body/fileSize is above ${maxFileBytes} bytes`, reqId)
  }
  return files.uploadUrl(caller.account, { fileType: body.fileType, fileSize })
}

function generateDownloadUrl(
  { files }: State,
  { caller }: Call,
  { body }: GenerateUrlForDownloadFile,
  reqId: string,
) {
  const folder = filesOf(caller.account)
  if (!body.relativePath.startsWith(folder)) {
    throw badRequest(`/body/relativePath has to begin with ${folder}`, reqId)
  }
  return files.downloadUrl(body.relativePath)
}
