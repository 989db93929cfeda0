/** Speaks SEND: puts a command into its envelope, adds the tokens, has it delivered and reads the answer. */
import { randomUUID } from 'node:crypto'
import { readSendAnswer, type SendSuccess } from './answers.ts'
import type { Connections } from './connections.ts'
import { beforeDeadline } from './deadline.ts'
import { deliver } from './delivery.ts'
import type { Domains } from './domains.ts'
import { type Call, exchange, type FailureCodes } from './exchange.ts'
import type { Metadata, SendCommand, SendRequest } from './protocol.ts'

/** For whom a call is made; the tokens are bare. */
export type Caller = {
  accountId: string
  appJwt: string
  consumerJws: string
  /** The `Client-Properties` header as the caller sent it. */
  clientProperties: string | undefined
}

export type Command = SendCommand & { metadata?: Metadata }

export type ClientOptions = {
  connections: Connections
  domains: Domains
  /** Features for callers that bring no `Client-Properties` of their own. */
  clientFeatures: readonly string[]
}

/** A call as it would be made, without its tokens. */
export type Preview = {
  method: 'POST'
  url: string
  headers: Record<string, string>
  body: SendRequest
}

const failures: FailureCodes = {
  unreachable: 'liveengage-unreachable',
  expired: 'deadline-exceeded',
  failed: 'liveengage-failed',
  timeout: 'liveengage-timeout',
}

export class Client {
  private readonly options: ClientOptions
  private readonly clientProperties: string | undefined

  constructor(options: ClientOptions) {
    this.options = options
    this.clientProperties = describeClient(options.clientFeatures)
  }

  /**
   * Sends one command. @param deadline on the clock of `performance.now()`, milliseconds
   * @throws Problem whose `delivery` says whether LiveEngage may have acted
   */
  async send(command: Command, caller: Caller, deadline: number): Promise<SendSuccess> {
    const { connections, domains } = this.options
    const { accountId } = caller
    const request = toRequest(command)
    const call: Call = {
      method: 'POST',
      path: sendPath(accountId),
      headers: this.headers(caller),
      body: JSON.stringify(request),
    }
    const attempt = async (origin: string): Promise<SendSuccess> => {
      const answer = await exchange(connections.to(origin), origin, call, deadline, failures)
      return readSendAnswer(answer, request.id)
    }
    const route = {
      origin: await this.findOrigin(accountId, deadline),
      recheck: (failed: string) => domains.recheck(accountId, 'asyncMessagingEnt', failed),
    }
    return deliver(attempt, route, deadline)
  }

  /** Shows what `send` would write; looks the host up, sends nothing. */
  async preview(command: Command, caller: Caller, deadline: number): Promise<Preview> {
    const origin = await this.findOrigin(caller.accountId, deadline)
    const redacted = { ...caller, appJwt: '[redacted]', consumerJws: '[redacted]' }
    return {
      method: 'POST',
      url: `${origin}${sendPath(caller.accountId)}`,
      headers: this.headers(redacted),
      body: toRequest(command),
    }
  }

  private async findOrigin(accountId: string, deadline: number): Promise<string> {
    const { domains } = this.options
    return (
      domains.known(accountId, 'asyncMessagingEnt') ??
      beforeDeadline(domains.find(accountId, 'asyncMessagingEnt'), deadline)
    )
  }

  /** The tokens go bare, although Sentinel calls its own "Bearer". Source: Authorization page. */
  private headers({ appJwt, consumerJws, clientProperties }: Caller): Record<string, string> {
    const properties = clientProperties ?? this.clientProperties
    return {
      Authorization: appJwt,
      'X-LP-ON-BEHALF': consumerJws,
      'Content-Type': 'application/json',
      ...(properties !== undefined && { 'Client-Properties': properties }),
    }
  }
}

/** A fresh id each time: LivePerson's examples share one, and then an answer cannot be told from another. */
function toRequest(command: Command): SendRequest & { id: string } {
  return { kind: 'req', id: randomUUID(), ...command }
}

/** `v=3` is the only version there is; another is answered 404. Source: release notes of February 2019. */
function sendPath(accountId: string): string {
  return `/api/account/${encodeURIComponent(accountId)}/messaging/consumer/conversation/send?v=3`
}

/** Source for the type's name: examples page, automatic messages. */
function describeClient(features: readonly string[]): string | undefined {
  return features.length === 0 ? undefined : JSON.stringify({ type: '.ClientProperties', features })
}
