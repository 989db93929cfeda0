/** A message with `inReplyTo` is two calls: the receipt of the click, then the text. */
import type { SendSuccess } from '../liveengage/answers.ts'
import type { CallContext } from '../liveengage/caller.ts'
import type { ReceiptOutcome } from '../problems/details.ts'
import { Problem } from '../problems/problem.ts'

type Send = () => Promise<SendSuccess>

/**
 * If the receipt is refused, the message is not sent. If it may have arrived, the message is sent anyway.
 * @throws Problem of the receipt, or of the message and then with `receipt`
 */
export async function sendAfter(
  sendReceipt: Send,
  sendMessage: Send,
): Promise<SendSuccess & { receipt: ReceiptOutcome }> {
  const receipt = await outcomeOf(sendReceipt())
  try {
    return { ...(await sendMessage()), receipt }
  } catch (error) {
    throw error instanceof Problem ? error.with({ receipt }) : error
  }
}

/** @throws Problem with `delivery: not-sent` */
async function outcomeOf(sent: Promise<unknown>): Promise<ReceiptOutcome> {
  try {
    await sent
    return 'sent'
  } catch (error) {
    if (error instanceof Problem && error.delivery === 'unknown') return 'unknown'
    throw error
  }
}

/** A receipt that hangs must leave time for the message. */
export function withHalfTheTime(context: CallContext): CallContext {
  const { terms } = context
  const now = performance.now()
  const deadline = now + (terms.deadline - now) / 2
  return { ...context, terms: { ...terms, deadline } }
}
