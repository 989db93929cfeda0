/** Speaks the Connector API: puts commands into envelopes, adds the tokens, has them delivered and reads the answers. */
import { randomUUID } from 'node:crypto'
import type { Problem } from '../problems.ts'
import {
  type OpenSuccess,
  readConversationAnswer,
  readNativeRefusal,
  readSendAnswer,
  type SendSuccess,
} from './answers.ts'
import { asOwnRefusal, CallTokens, type Tokens } from './call-tokens.ts'
import type { Connections } from './connections.ts'
import type { Credentials } from './credentials.ts'
import { beforeDeadline } from './deadline.ts'
import { deliver, type TokenKind } from './delivery.ts'
import type { Peer } from './destination.ts'
import type { Domains } from './domains.ts'
import { type Answer, exchange } from './exchange.ts'
import type { Terms } from './gate.ts'
import type {
  ConsumerRequestConversation,
  ConversationRequest,
  Metadata,
  SendCommand,
  SendRequest,
  SetUserProfile,
} from './protocol.ts'
import type { Call } from './trip.ts'

/** For whom a call is made. A token that is absent is one of the proxy's own; the tokens are bare. */
export type Caller = {
  accountId: string
  appJwt: string | undefined
  consumerJws: string | undefined
  /** The caller's own id of the consumer, for whom the proxy gets a ConsumerJWS. */
  consumerId: string | undefined
  /** The `Client-Properties` header as the caller sent it. */
  clientProperties: string | undefined
}

export type Command = SendCommand & { metadata?: Metadata }
export type OpenCommand = readonly [SetUserProfile, ConsumerRequestConversation]

export type ClientOptions = {
  connections: Connections
  domains: Domains
  credentials: Credentials
  /** Features for callers that bring no `Client-Properties` of their own. */
  clientFeatures: readonly string[]
}

/** A call as it would be made, without its tokens. */
export type Preview = {
  method: 'POST'
  url: string
  headers: Record<string, string>
  body: SendRequest | ConversationRequest
}

type Method = 'conversation' | 'conversation/send'

const peer: Peer = {
  service: 'messaging',
  unreachable: 'liveengage-unreachable',
  expired: 'deadline-exceeded',
  failed: 'liveengage-failed',
  timeout: 'liveengage-timeout',
  overloaded: 'overloaded',
  open: 'circuit-open',
}

/** `v=3` is the only version there is; another is answered 404. Source: release notes of February 2019. */
const version = '?v=3'

export class Client {
  private readonly options: ClientOptions
  private readonly clientProperties: string | undefined
  private readonly tokens: CallTokens

  constructor(options: ClientOptions) {
    this.options = options
    this.clientProperties = describeClient(options.clientFeatures)
    this.tokens = new CallTokens(options.credentials)
  }

  /**
   * Refuses what could not be sent now, where the account's host is known already.
   * @throws Problem `overloaded` or `circuit-open`
   */
  refuse(terms: Pick<Terms, 'accountId' | 'priority'>): void {
    const { connections, domains } = this.options
    const origin = domains.peek(terms.accountId, 'asyncMessagingEnt')
    if (origin !== undefined) connections.to(origin).refuse(peer, terms)
  }

  /**
   * Sends one command.
   * @throws Problem whose `delivery` says whether LiveEngage may have acted
   */
  send(command: Command, caller: Caller, terms: Terms): Promise<SendSuccess> {
    return this.prepare(command, caller, terms)()
  }

  /** Puts a command into its envelope. @returns what sends it, as `send` does, and holds no more than its bytes */
  prepare(command: Command, caller: Caller, terms: Terms): () => Promise<SendSuccess> {
    const request = toRequest(command)
    const { id } = request
    const bytes = Buffer.from(JSON.stringify(request))
    return () =>
      this.post('conversation/send', version, bytes, caller, terms, (answer) =>
        readSendAnswer(answer, id),
      )
  }

  /**
   * Opens a conversation.
   * @throws Problem whose `delivery` says whether LiveEngage may have acted
   */
  open(commands: OpenCommand, caller: Caller, terms: Terms): Promise<OpenSuccess> {
    const batch = toBatch(commands)
    const [{ id: profile }, { id: conversation }] = batch
    const bytes = Buffer.from(JSON.stringify(batch))
    return this.post('conversation', version, bytes, caller, terms, (answer) =>
      readConversationAnswer(answer, { profile, conversation }),
    )
  }

  /**
   * Passes a caller's own payload on. @param query with its question mark, as it came
   * @returns LiveEngage's answer whatever it says
   * @throws Problem for the proxy's own failures
   */
  async forward(
    method: Method,
    query: string,
    payload: Buffer,
    caller: Caller,
    terms: Terms,
  ): Promise<Answer> {
    let latest: Answer | undefined
    let refusal: Problem | undefined
    try {
      return await this.post(method, query, payload, caller, terms, (answer) => {
        latest = answer
        refusal = readNativeRefusal(answer)
        if (refusal !== undefined) throw refusal
        return answer
      })
    } catch (error) {
      // What else was learnt on the way, such as IDP's refusal, is no answer of LiveEngage's to this caller.
      if (latest === undefined || error !== refusal) throw error
      return latest
    }
  }

  /** Shows what would be written; looks the host up, fetches no token, sends nothing. */
  async preview(command: Command | OpenCommand, caller: Caller, terms: Terms): Promise<Preview> {
    const isBatch = isOpenCommand(command)
    const origin = await this.originOf(caller.accountId, terms)
    const path = pathOf(caller.accountId, isBatch ? 'conversation' : 'conversation/send')
    return {
      method: 'POST',
      url: `${origin}${path}${version}`,
      headers: this.headers({ appJwt: '[redacted]', consumerJws: '[redacted]' }, caller),
      body: isBatch ? toBatch(command) : toRequest(command),
    }
  }

  private async post<T>(
    method: Method,
    query: string,
    body: Buffer,
    caller: Caller,
    terms: Terms,
    read: (answer: Answer) => T,
  ): Promise<T> {
    const { connections, domains } = this.options
    const { accountId } = caller
    const { deadline, trace } = terms
    const own = this.tokens.of(caller, terms)
    const found = this.originOf(accountId, terms)
    // Usually there is nothing to wait for.
    const [origin, held] =
      typeof found === 'string' && !(own instanceof Promise)
        ? [found, own]
        : await Promise.all([found, own])
    const path = `${pathOf(accountId, method)}${query}`
    let tokens = held
    const attempt = async (at: string): Promise<T> => {
      const call: Call = { method: 'POST', path, headers: this.headers(tokens, caller), body }
      return read(await exchange(connections.to(at), call, terms, peer))
    }
    const route = {
      origin,
      recheck: (failed: string) => domains.recheck(accountId, 'asyncMessagingEnt', failed, trace),
      renew: async (kind: TokenKind) => {
        const newer = await this.tokens.newer(kind, tokens, caller, trace)
        if (newer === undefined) return false
        tokens = newer
        return true
      },
      budget: connections.to(origin).retryBudget,
      stats: connections.stats,
    }
    try {
      return await deliver(attempt, route, deadline)
    } catch (error) {
      throw asOwnRefusal(error, caller)
    }
  }

  /** At once where it is known. */
  private originOf(accountId: string, { deadline, trace }: Terms): string | Promise<string> {
    const { domains } = this.options
    return (
      domains.known(accountId, 'asyncMessagingEnt') ??
      beforeDeadline(domains.find(accountId, 'asyncMessagingEnt', trace), deadline)
    )
  }

  /** The tokens go bare, although Sentinel calls its own "Bearer". Source: Authorization page. */
  private headers(
    { appJwt, consumerJws }: Tokens,
    { clientProperties = this.clientProperties }: Caller,
  ): Record<string, string> {
    const headers: Record<string, string> = {
      Authorization: appJwt,
      'X-LP-ON-BEHALF': consumerJws,
      'Content-Type': 'application/json',
    }
    if (clientProperties !== undefined) headers['Client-Properties'] = clientProperties
    return headers
  }
}

function isOpenCommand(command: Command | OpenCommand): command is OpenCommand {
  return Array.isArray(command)
}

/** A fresh id each time: LivePerson's examples share one, and then an answer cannot be told from another. */
function toRequest(command: Command): SendRequest & { id: string } {
  return { kind: 'req', id: randomUUID(), ...command }
}

type Item<T> = T & { kind: 'req'; id: string }

function toBatch([profile, conversation]: OpenCommand): [
  Item<SetUserProfile>,
  Item<ConsumerRequestConversation>,
] {
  return [
    { kind: 'req', id: randomUUID(), ...profile },
    { kind: 'req', id: randomUUID(), ...conversation },
  ]
}

function pathOf(accountId: string, method: Method): string {
  return `/api/account/${encodeURIComponent(accountId)}/messaging/consumer/${method}`
}

/** Source for the type's name: examples page, automatic messages. */
function describeClient(features: readonly string[]): string | undefined {
  return features.length === 0 ? undefined : JSON.stringify({ type: '.ClientProperties', features })
}
