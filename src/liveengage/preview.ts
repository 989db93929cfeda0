/** A dry run: the call as it would be made, without its tokens. */
import type { CallContext } from './caller.ts'
import {
  type Client,
  type Command,
  type OpenCommand,
  pathOf,
  toBatch,
  toRequest,
  versionQuery,
} from './client.ts'
import type { ConversationRequest, SendRequest } from './protocol/requests.ts'

export type Preview = {
  method: 'POST'
  url: string
  headers: Record<string, string>
  body: SendRequest | ConversationRequest
}

/** Looks the host up. Gets no token and sends nothing. */
export async function preview(
  client: Client,
  command: Command | OpenCommand,
  context: CallContext,
): Promise<Preview> {
  const isBatch = isOpenCommand(command)
  const { caller } = context
  const { origin } = await client.hostOf(context)
  const path = pathOf(caller.accountId, isBatch ? 'conversation' : 'conversation/send')
  return {
    method: 'POST',
    url: `${origin}${path}${versionQuery}`,
    headers: client.headers({ appJwt: '[redacted]', consumerJws: '[redacted]' }, caller),
    body: isBatch ? toBatch(command) : toRequest(command),
  }
}

function isOpenCommand(command: Command | OpenCommand): command is OpenCommand {
  return Array.isArray(command)
}
