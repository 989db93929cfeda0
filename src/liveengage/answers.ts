/** What LiveEngage's answer to a SEND means: a success or a problem. */
import { Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { ProblemCode } from '../problems/catalogue.ts'
import { type LiveEngageAnswer, Problem } from '../problems/problem.ts'
import { redactTokens } from '../token-text.ts'
import { type Answer, jsonOf } from '../transport/exchange.ts'
import { ConversationAnswer, SendAnswer } from './protocol/answers.ts'
import { isId } from './protocol/values.ts'

export type SendSuccess = {
  /** The number LiveEngage gave the event; absent if it gave no usable one. */
  sequence: number | undefined
  /** What else it says, not yet checked. */
  body: unknown
}

export type OpenSuccess = {
  conversationId: string
  /** The conversation is open nevertheless. */
  isProfileRefused: boolean
}

const sendAnswer = TypeCompiler.Compile(SendAnswer)
const conversationAnswer = TypeCompiler.Compile(ConversationAnswer)
const answerBody = TypeCompiler.Compile(Type.Record(Type.String(), Type.Unknown()))

/**
 * Reads the answer to the SEND with this id.
 * @throws Problem for everything that is not a success
 */
export function readSendAnswer(answer: Answer, id: string): SendSuccess {
  const json = jsonOf(answer)
  const document = sendAnswer.Check(json) ? json : undefined
  const claimsSuccess = document !== undefined && isSuccess(document.code)
  const isOtherAnswer = (document?.reqId ?? id) !== id
  const { status } = answer

  if (status >= 200 && status < 300 && claimsSuccess && !isOtherAnswer) {
    return { sequence: usableSequence(document), body: document.body }
  }
  throw refusal(answer, document, claimsSuccess || isOtherAnswer)
}

/**
 * Reads the answer to the CONVERSATION batch whose items have these ids.
 * @throws Problem for everything that is not a success
 */
export function readConversationAnswer(
  answer: Answer,
  ids: { profile: string; conversation: string },
): OpenSuccess {
  const json = jsonOf(answer)
  if (!conversationAnswer.Check(json)) {
    const document = sendAnswer.Check(json) ? json : undefined
    throw refusal(answer, document, document !== undefined && isSuccess(document.code))
  }
  const profile = itemOf(json, ids.profile, 0)
  const opened = itemOf(json, ids.conversation, 1)
  if (opened === undefined) throw refusal(answer, undefined, true)
  const { status } = answer
  if (status >= 200 && status < 300 && isSuccess(opened.code)) {
    const conversationId = fieldOf(opened, 'conversationId')
    if (typeof conversationId === 'string' && isId(conversationId)) {
      return { conversationId, isProfileRefused: profile !== undefined && !isSuccess(profile.code) }
    }
  }
  if (
    opened.code === 'BAD_REQUEST' &&
    saysAlreadyOpen(opened) &&
    (status < 300 || status === 400)
  ) {
    throw new Problem('conversation-already-open', {
      liveengage: describe(status, opened),
      profileUpdated: profile !== undefined && isSuccess(profile.code),
    })
  }
  throw refusal(answer, opened, isSuccess(opened.code))
}

/** For an answer that is passed on unchanged: the problem that a resend may fix, if any. */
export function readNativeRefusal(answer: Answer): Problem | undefined {
  const { status } = answer
  if (status !== 401 && status !== 404 && status !== 421 && status !== 429) return undefined
  const json = jsonOf(answer)
  return refusal(answer, sendAnswer.Check(json) ? json : undefined, false)
}

/** By its id, or else by its index: documented examples use one id for both. */
function itemOf(items: ConversationAnswer, id: string, position: number): SendAnswer | undefined {
  const placed = items[position]
  return items.find(({ reqId }) => reqId === id) ?? (placed?.reqId == null ? placed : undefined)
}

/** Source: lp-devassist-connectors, which says that the profile is updated nevertheless. */
function saysAlreadyOpen(document: SendAnswer): boolean {
  return /already has open conversation/i.test(textOf(document, 'msg'))
}

/** The string "OK" on this API, the numbers on its WebSocket twin. */
function isSuccess(code: string | number): boolean {
  return code === 'OK' || code === 200 || code === 201
}

/** Whether a status leaves the outcome unknown. */
export function leavesOutcomeUnknown(status: number): boolean {
  return status === 408 || status >= 500
}

function usableSequence(document: SendAnswer): number | undefined {
  const sequence = fieldOf(document, 'sequence')
  return typeof sequence === 'number' && Number.isSafeInteger(sequence) && sequence >= 0
    ? sequence
    : undefined
}

function refusal(
  answer: Answer,
  document: SendAnswer | undefined,
  isContradictory: boolean,
): Problem {
  const { status } = answer
  const liveengage = describe(status, document)
  if (isContradictory) return new Problem('liveengage-failed', { liveengage })
  if (status >= 200 && status < 300) {
    const isDocumented = document?.code === 'BAD_REQUEST' && saysClosed(document)
    return new Problem(isDocumented ? 'conversation-closed' : 'liveengage-failed', { liveengage })
  }
  if (status < 400 || leavesOutcomeUnknown(status)) {
    return new Problem('liveengage-failed', { liveengage })
  }
  if (status === 429) {
    const retryAfterSeconds = readRetryAfter(answer.retryAfter)
    return new Problem('rate-limited', { liveengage, retryAfterSeconds })
  }
  if (status === 401) return new Problem(unauthorizedCode(liveengage, document), { liveengage })
  if (saysClosed(document)) return new Problem('conversation-closed', { liveengage })
  return new Problem('rejected-by-liveengage', { liveengage })
}

/**
 * Source: Authorization page. Its table and its example disagree on whether 40104 or 40105 is the missing AppJWT, so the title
 * decides.
 */
function unauthorizedCode(
  { errorCode }: LiveEngageAnswer,
  document: SendAnswer | undefined,
): ProblemCode {
  const saysAppJwt = /appjwt/i.test(textOf(document, 'title'))
  const saysConsumerJws = /consumerjws/i.test(textOf(document, 'title'))
  switch (errorCode) {
    case 40102:
      return 'app-jwt-invalid'
    case 40103:
      return 'consumer-jws-invalid'
    case 40104:
      return saysAppJwt ? 'app-jwt-invalid' : 'consumer-jws-invalid'
    case 40105:
      return saysConsumerJws ? 'consumer-jws-invalid' : 'app-jwt-invalid'
    default:
      return 'rejected-by-liveengage'
  }
}

/** The exact words are "Bad Request, Conversation is close"; the HTTP status of it is not documented. Source: lp-devassist-connectors. */
function saysClosed(document: SendAnswer | undefined): boolean {
  const words =
    typeof document?.body === 'string'
      ? document.body
      : `${textOf(document, 'msg')} ${textOf(document, 'details')}`
  return /conversation is close/i.test(words)
}

function textOf(document: SendAnswer | undefined, key: 'msg' | 'title' | 'details'): string {
  const text = fieldOf(document, key)
  return typeof text === 'string' ? text : ''
}

function fieldOf(document: SendAnswer | undefined, key: string): unknown {
  return answerBody.Check(document?.body) ? document.body[key] : undefined
}

const longestMessage = 200

function describe(status: number, document: SendAnswer | undefined): LiveEngageAnswer {
  const words = textOf(document, 'msg') || textOf(document, 'title') || textOf(document, 'details')
  // Cut last, and without a half of a pair: not every JSON reader takes one.
  const message = redactTokens(words)
    .slice(0, longestMessage)
    .replace(/\p{Surrogate}/gu, '\uFFFD')
  const errorCode = fieldOf(document, 'errorCode')
  return {
    status,
    ...(typeof errorCode === 'number' && Number.isInteger(errorCode) && { errorCode }),
    ...(message !== '' && { message }),
  }
}

const longestRetryAfterSeconds = 3_600

/** Seconds or an HTTP date; at least one second, as LivePerson asks for, at most an hour. Source: retry policy page. */
export function readRetryAfter(header: string | undefined): number {
  const text = header ?? ''
  const seconds = /^[0-9]+$/.test(text)
    ? Number(text)
    : Math.ceil((Date.parse(text) - Date.now()) / 1000)
  return Math.min(Math.max(Number.isNaN(seconds) ? 1 : seconds, 1), longestRetryAfterSeconds)
}
