/** Speaks the Connector API: puts commands into envelopes, adds the tokens, sends them and reads the answers. */
import { randomUUID } from 'node:crypto'
import type { Problem } from '../problems/problem.ts'
import { beforeDeadline } from '../transport/deadline.ts'
import { type Answer, exchange, type OutgoingRequest } from '../transport/exchange.ts'
import type { Host } from '../transport/host.ts'
import type { Hosts } from '../transport/hosts.ts'
import type { TokenKind } from '../transport/statistics.ts'
import {
  type OpenSuccess,
  readConversationAnswer,
  readNativeRefusal,
  readSendAnswer,
  type SendSuccess,
} from './answers.ts'
import type { CallContext, Caller } from './caller.ts'
import type { Domains } from './domains.ts'
import type { ConsumerRequestConversation, SendCommand } from './protocol/commands.ts'
import type { SetUserProfile } from './protocol/profile.ts'
import type { SendRequest } from './protocol/requests.ts'
import type { Metadata } from './protocol/values.ts'
import { resend } from './retry-policy.ts'
import { readConsumerId } from './tokens/consumer-id.ts'
import type { Credentials, Tokens } from './tokens/credentials.ts'
import { asOwnRefusal, newerTokens } from './tokens/refused-tokens.ts'
import { messaging } from './upstreams.ts'

export type Command = SendCommand & { metadata?: Metadata }
export type OpenCommand = readonly [SetUserProfile, ConsumerRequestConversation]

export type Opened = OpenSuccess & {
  /** LivePerson's own id of the consumer, if the ConsumerJWS has it. */
  consumerId: string | undefined
}

export type ClientOptions = {
  hosts: Hosts
  domains: Domains
  credentials: Credentials
  /** Features for callers that bring no `Client-Properties` of their own. */
  clientFeatures: readonly string[]
}

type Method = 'conversation' | 'conversation/send'

/** `v=3` is the only version; others get a 404. Source: release notes of February 2019. */
export const versionQuery = '?v=3'

export class Client {
  private readonly options: ClientOptions
  private readonly clientProperties: string | undefined

  constructor(options: ClientOptions) {
    this.options = options
    this.clientProperties = describeClient(options.clientFeatures)
  }

  /** The account's messaging host, if it is known already. */
  knownHost(accountId: string): Host | undefined {
    const origin = this.options.domains.cached(accountId, 'asyncMessagingEnt')
    return origin === undefined ? undefined : this.options.hosts.at(origin)
  }

  /**
   * Sends one command.
   * @throws Problem whose `delivery` says whether LiveEngage may have acted
   */
  send(command: Command, context: CallContext): Promise<SendSuccess> {
    return this.prepare(command)(context)
  }

  /** Puts a command into its envelope. @returns a function that sends it, like `send`, and holds only its bytes */
  prepare(command: Command): (context: CallContext) => Promise<SendSuccess> {
    const request = toRequest(command)
    const { id } = request
    const bytes = Buffer.from(JSON.stringify(request))
    return (context) =>
      this.post('conversation/send', versionQuery, bytes, context, (answer) =>
        readSendAnswer(answer, id),
      )
  }

  /**
   * Opens a conversation.
   * @throws Problem whose `delivery` says whether LiveEngage may have acted
   */
  open(commands: OpenCommand, context: CallContext): Promise<Opened> {
    const batch = toBatch(commands)
    const [{ id: profile }, { id: conversation }] = batch
    const bytes = Buffer.from(JSON.stringify(batch))
    return this.post('conversation', versionQuery, bytes, context, (answer, { consumerJws }) => ({
      ...readConversationAnswer(answer, { profile, conversation }),
      consumerId: readConsumerId(consumerJws),
    }))
  }

  /**
   * Passes on a caller's own payload. @param query with its question mark, as it came
   * @returns LiveEngage's answer, whatever it is
   * @throws Problem for the proxy's own failures
   */
  async forward(
    method: Method,
    query: string,
    payload: Buffer,
    context: CallContext,
  ): Promise<Answer> {
    let latest: Answer | undefined
    let refusal: Problem | undefined
    try {
      return await this.post(method, query, payload, context, (answer) => {
        latest = answer
        refusal = readNativeRefusal(answer)
        if (refusal !== undefined) throw refusal
        return answer
      })
    } catch (error) {
      // Other failures, such as IDP's refusal, are not LiveEngage's answer to this caller.
      if (latest === undefined || error !== refusal) throw error
      return latest
    }
  }

  private async post<T>(
    method: Method,
    query: string,
    body: Buffer,
    context: CallContext,
    read: (answer: Answer, tokens: Tokens) => T,
  ): Promise<T> {
    const { caller, terms } = context
    const known = this.options.credentials.tokensAtHand(caller)
    // Usually there is nothing to wait for.
    const [host, held] =
      context.host !== undefined && known !== undefined
        ? [context.host, known]
        : await Promise.all([this.hostOf(context), known ?? this.tokensOf(context)])
    const path = `${pathOf(caller.accountId, method)}${query}`
    let tokens = held
    const attempt = async (at: Host): Promise<T> => {
      const request: OutgoingRequest = {
        method: 'POST',
        path,
        headers: this.headers(tokens, caller),
        body,
      }
      return read(await exchange(at, request, terms, messaging), tokens)
    }
    const renew = async (kind: TokenKind) => {
      const newer = await newerTokens(kind, tokens, this.options.credentials, context)
      if (newer === undefined) return false
      tokens = newer
      return true
    }
    try {
      host.retryBudget.requests += 1
      return await attempt(host).catch((error) => this.resend(error, attempt, renew, host, context))
    } catch (error) {
      throw asOwnRefusal(error, caller)
    }
  }

  private resend<T>(
    error: unknown,
    attempt: (host: Host) => Promise<T>,
    renew: (kind: TokenKind) => Promise<boolean>,
    { origin, retryBudget }: Host,
    { caller, terms }: CallContext,
  ): Promise<T> {
    const { hosts, domains } = this.options
    return resend(error, {
      attempt: (at) => attempt(hosts.at(at)),
      origin,
      deadline: terms.deadline,
      recheck: (failed) =>
        domains.recheck(caller.accountId, 'asyncMessagingEnt', failed, terms.trace),
      renew,
      budget: retryBudget,
      statistics: hosts.statistics,
    })
  }

  /** The account's messaging host: known since the request came, or looked up. */
  async hostOf({ host, caller, terms }: CallContext): Promise<Host> {
    if (host !== undefined) return host
    const { hosts, domains } = this.options
    const { deadline, trace } = terms
    const origin =
      domains.cached(caller.accountId, 'asyncMessagingEnt') ??
      (await beforeDeadline(domains.find(caller.accountId, 'asyncMessagingEnt', trace), deadline))
    return hosts.at(origin)
  }

  private tokensOf({ caller, terms }: CallContext): Promise<Tokens> {
    return beforeDeadline(this.options.credentials.tokens(caller, terms.trace), terms.deadline)
  }

  /** The tokens go bare, although Sentinel calls its own "Bearer". Source: Authorization page. */
  headers(
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

export function pathOf(accountId: string, method: Method): string {
  return `/api/account/${encodeURIComponent(accountId)}/messaging/consumer/${method}`
}

/** Source for the type's name: examples page, automatic messages. */
function describeClient(features: readonly string[]): string | undefined {
  return features.length === 0 ? undefined : JSON.stringify({ type: '.ClientProperties', features })
}

/** A new id each time: LivePerson's examples share one, and then two answers look alike. */
export function toRequest(command: Command): SendRequest & { id: string } {
  return { kind: 'req', id: randomUUID(), ...command }
}

type Item<T> = T & { kind: 'req'; id: string }

export function toBatch([profile, conversation]: OpenCommand): [
  Item<SetUserProfile>,
  Item<ConsumerRequestConversation>,
] {
  return [
    { kind: 'req', id: randomUUID(), ...profile },
    { kind: 'req', id: randomUUID(), ...conversation },
  ]
}
