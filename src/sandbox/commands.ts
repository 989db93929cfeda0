import type {
  GenerateUrlForDownloadFile,
  GenerateUrlForUploadFile,
  PublishEvent,
  SendRequest,
  UpdateConversationField,
} from '../liveengage/protocol.ts'
import type { Admitted } from './admission.ts'
import { badRequest, conversationClosed } from './refusals.ts'
import type { State } from './state.ts'
import { filesOf, MAX_FILE_BYTES } from './storage.ts'

/** Does what a valid SEND asks for and returns the `body` of its answer. */
export function accept(state: State, call: Admitted, request: SendRequest, reqId: string) {
  switch (request.type) {
    case 'ms.PublishEvent':
      return publish(state, call, request, reqId)
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

/** The dialog is the key: SEND names no conversation here, and the main dialog has the conversation's id. */
function publish(
  { conversations }: State,
  { caller, bytes, eventOf }: Admitted,
  request: PublishEvent,
  reqId: string,
) {
  const conversation = conversations.reach(caller, request.body.dialogId)
  if (!conversation.open) throw conversationClosed(reqId)

  // Messages and receipts share one count; a chat state is outside it and always answers 0. Source: node-agent-sdk.
  if (request.body.event.type === 'ChatStateEvent') {
    conversations.record(conversation, eventOf(request), bytes)
    return { sequence: 0 }
  }
  const sequence = conversation.nextSequence++
  conversations.record(conversation, { sequence, ...eventOf(request) }, bytes)
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

function update(
  { conversations }: State,
  { caller, bytes, eventOf }: Admitted,
  request: UpdateConversationField,
  reqId: string,
) {
  const { conversationId, conversationField: change } = request.body
  const id = change.field === 'DialogChange' ? change.dialog.dialogId : conversationId
  const conversation = conversations.reach(caller, id)

  // The sandbox has no surveys, so a closed main dialog closes its conversation. CSAT comes after the close.
  if (change.field === 'ConversationStateField' || change.field === 'DialogChange') {
    if (!conversation.open) throw conversationClosed(reqId)
    conversation.open = false
  }
  conversations.record(conversation, eventOf(request), bytes)
  return { msg: updated[change.field] }
}

/** Names no conversation: it is shown with the consumer's open one, if there is one. */
function setProfile(
  { conversations }: State,
  { caller, bytes, eventOf }: Admitted,
  request: Extract<SendRequest, { type: 'userprofile.SetUserProfile' }>,
) {
  const conversation = conversations.openOf(caller)
  if (conversation) conversations.record(conversation, eventOf(request), bytes)
  return { msg: 'OK User Profile set successfully' }
}

function generateUploadUrl(
  { storage }: State,
  { caller }: Admitted,
  { body }: GenerateUrlForUploadFile,
  reqId: string,
) {
  const fileSize = Number(body.fileSize)
  if (fileSize > MAX_FILE_BYTES) throw badRequest('Bad Request', reqId)
  return storage.uploadUrl(caller.account, { fileType: body.fileType, fileSize })
}

function generateDownloadUrl(
  { storage }: State,
  { caller }: Admitted,
  { body }: GenerateUrlForDownloadFile,
  reqId: string,
) {
  if (!body.relativePath.startsWith(filesOf(caller.account))) throw badRequest('Bad Request', reqId)
  return storage.downloadUrl(body.relativePath)
}
