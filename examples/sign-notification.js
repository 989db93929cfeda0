/**
 * Prints a notification that is signed as LivePerson signs, as a configuration for curl:
 *
 *   node examples/sign-notification.js | curl -K - http://127.0.0.1:9080/webhooks/liveperson
 *
 * The agent of the sandbox says "Hello 👋" in the conversation `demo`; two arguments are another text and another conversation.
 * LP_ACCOUNT_ID, LP_CLIENT_ID, LP_CLIENT_SECRET   those of the proxy, if it does not run on the sandbox
 */
import { createHmac } from 'node:crypto'
import process from 'node:process'

const [text = 'Hello 👋', conversationId = 'demo'] = process.argv.slice(2)
const {
  LP_ACCOUNT_ID = 'sandbox',
  LP_CLIENT_ID = 'sandbox-client',
  LP_CLIENT_SECRET = 'sandbox-secret',
} = process.env

const body = JSON.stringify({
  kind: 'notification',
  type: 'ms.MessagingEventNotification',
  body: {
    changes: [
      {
        sequence: 1,
        originatorId: 'agent-1',
        originatorMetadata: { id: 'agent-1', role: 'ASSIGNED_AGENT' },
        serverTimestamp: Date.now(),
        event: { type: 'ContentEvent', contentType: 'text/plain', message: text },
        conversationId,
        dialogId: conversationId,
        messageAudience: 'ALL',
      },
    ],
  },
})
const headers = {
  'Content-Type': 'application/json',
  'x-liveperson-account-id': LP_ACCOUNT_ID,
  'x-liveperson-client-id': LP_CLIENT_ID,
  'x-liveperson-signature': `sha1=${createHmac('sha1', LP_CLIENT_SECRET).update(body).digest('base64')}`,
}
for (const [name, value] of Object.entries(headers)) console.log(`header = "${name}: ${value}"`)
// curl's quoted text has the escapes that JSON has.
console.log(`data-binary = ${JSON.stringify(body)}`)
