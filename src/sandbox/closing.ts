/** How a conversation ends: dialog by dialog, the survey last. */
import { randomBytes } from 'node:crypto'
import { notify, say, tellChange } from './happenings.ts'
import { type Conversation, type Dialog, isOpen, type Party } from './memory/conversations.ts'
import { surveyAppInstall, surveyBot } from './memory/parties.ts'
import type { State } from './memory/state.ts'
import { messageNotification } from './notifications/message.ts'

/** Closes the whole conversation, whatever dialog is open. */
export function closeConversation(state: State, conversation: Conversation, by: Party): void {
  for (const dialog of [conversation.main, conversation.survey]) {
    if (dialog?.open === true) closeDialog(state, dialog, by)
  }
  conversation.closeReason ??= closedBy(by)
  conversation.endedAt = state.now()
  tellChange(state, conversation)
}

/** Closes one dialog; a survey follows the main one if it is asked for, else the conversation ends with it. */
export function closeOneDialog(
  state: State,
  conversation: Conversation,
  dialog: Dialog,
  closing: { by: Party; cause?: string; survey: boolean },
): void {
  closeDialog(state, dialog, closing.by, closing.cause)
  conversation.closeReason ??= closedBy(closing.by)
  const hasSurvey = closing.survey && dialog.type === 'MAIN' && conversation.survey === undefined
  if (hasSurvey) {
    startSurvey(state, conversation)
    return
  }
  if (!isOpen(conversation)) conversation.endedAt = state.now()
  tellChange(state, conversation)
}

function closeDialog({ now }: State, dialog: Dialog, by: Party, cause?: string): void {
  dialog.open = false
  dialog.endedAt = now()
  dialog.updatedAt = now()
  dialog.closedBy = closedBy(by)
  if (cause !== undefined) dialog.closedCause = cause
}

function closedBy({ role }: Party): string {
  if (role === 'CONSUMER') return 'CONSUMER'
  return role === 'CONTROLLER' ? 'SYSTEM' : 'AGENT'
}

/** The survey is a dialog of its own, with an id of its own, counted from 0 again. Source: Messaging Window PCS tutorial. */
function startSurvey(state: State, conversation: Conversation): void {
  const { agent, consumer } = conversation
  const startedAt = state.now()
  const survey: Dialog = {
    id: randomBytes(16).toString('base64url'),
    type: 'POST_SURVEY',
    appInstallId: surveyAppInstall,
    startedAt,
    parties: [
      { id: consumer, role: 'CONSUMER', state: 'ACTIVE' },
      { ...surveyBot, state: 'ACTIVE' },
      ...(agent === undefined
        ? []
        : [{ id: agent.id, role: 'READER' as const, state: 'ACTIVE' as const }]),
    ],
    open: true,
    nextSequence: 0,
    updatedAt: startedAt,
  }
  state.conversations.addSurvey(conversation, survey)
  tellChange(state, conversation)
  askSurvey(state, conversation, survey, surveyQuestion, surveyMetadata)
}

const ratings = ['1', '2', '3', '4', '5']
const surveyQuestion = {
  type: 'ContentEvent',
  message: 'How satisfied are you, from 1 to 5?',
  contentType: 'text/plain',
  quickReplies: {
    type: 'quickReplies',
    itemsPerRow: 5,
    replies: ratings.map((rating) => ({
      type: 'button',
      title: rating,
      tooltip: rating,
      click: { actions: [{ type: 'publishText', text: rating }] },
    })),
  },
}
const surveyMetadata = [
  { type: 'Question', id: 'csat', surveyId: 'sandbox-survey', groupId: '1', provider: 'AC' },
]
const surveyThanks = { type: 'ContentEvent', message: 'Thank you.', contentType: 'text/plain' }

function askSurvey(
  state: State,
  conversation: Conversation,
  survey: Dialog,
  event: { type: string },
  metadata?: unknown,
): void {
  const extras = { dialogId: survey.id, ...(metadata === undefined ? {} : { metadata }) }
  const { change, kind } = say(state, conversation, event, surveyBot, extras)
  notify(state, conversation, kind, messageNotification([change]))
}

/** The consumer's answer ends the survey; a number from 1 to 5 is the rating. */
export function answerSurvey(
  state: State,
  conversation: Conversation,
  survey: Dialog,
  text: string,
): void {
  if (ratings.includes(text.trim())) {
    conversation.csat = {
      csatRate: Number(text),
      csatResolutionConfirmation: true,
      status: 'FILLED',
    }
  }
  askSurvey(state, conversation, survey, surveyThanks)
  closeOneDialog(state, conversation, survey, { by: surveyBot, survey: false })
}
