/** What an action is: one thing a consumer can do, as schemas, documentation and a pure translation to LiveEngage's command. */
import { type Static, type TSchema, Type } from '@sinclair/typebox'
import type { Priority } from './liveengage/gate.ts'
import type {
  ConsumerRequestConversation,
  Metadata,
  PublishEvent,
  SendCommand,
  SetUserProfile,
} from './liveengage/protocol.ts'
import type { ProblemCode } from './problems.ts'
import { StringEnum } from './string-enum.ts'

/** LiveEngage's ids are opaque; this is the form every known one has. */
export const ConversationId = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,128}$',
  description: 'The conversation, as LiveEngage named it',
  examples: ['8602832d-dce1-446b-8445-0d51f5926a42'],
})

export const DialogId = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,128}$',
  description: 'The dialog, where it is another than the main one. Default: the conversation’s id',
})

/** The main dialog has the conversation's id; a survey's dialog has its own. Source: Messaging Window PCS tutorial. */
export const ConversationParams = Type.Object(
  { id: ConversationId },
  { additionalProperties: false },
)

export const ActionMetadata = Type.Array(
  Type.Object({ type: Type.String({ minLength: 1 }) }, { additionalProperties: true }),
  {
    minItems: 1,
    maxItems: 20,
    description: 'Travels beside the event as it is, e.g. the `ExternalId` of a clicked card',
    examples: [[{ type: 'ExternalId', id: 'order-confirmation' }]],
  },
)

/** What every route that translates takes in its query. */
export const DryRunQuery = Type.Object(
  {
    dryRun: Type.Optional(
      StringEnum(['true', 'false'], {
        description: '`true` shows the call to LiveEngage and sends nothing',
      }),
    ),
  },
  { additionalProperties: false },
)

export type ActionInput<P extends TSchema, Q extends TSchema, B extends TSchema> = {
  accountId: string
  params: Static<P>
  query: Static<Q>
  body: Static<B>
}

type Example = { summary: string; value: unknown }

type Definition<P extends TSchema, Q extends TSchema, B extends TSchema> = {
  /** Verb-noun in camel case; OpenAPI's operationId. */
  name: string
  method: 'POST' | 'PUT' | 'DELETE'
  path: string
  tag: string
  summary: string
  description: string
  params: P
  query: Q
  /** No body at all where it is absent. */
  body?: B
  /** An empty body is as good as `{}`. */
  isBodyOptional?: boolean
  /** By name; OpenAPI shows them and a test sends each to the sandbox. */
  examples: Record<string, Example>
  /** Keys of other APIs that people try here, with the right one. */
  mistakenKeys?: Record<string, string>
  /** Doing it twice changes nothing, so a retry is harmless. */
  isRepeatable: boolean
  /** What is shed first where there is no room for all. */
  priority: Priority
  /** A problem that means: it was so already. */
  settledBy?: ProblemCode
  /** After how many seconds the typing that it shows is to end by itself; not at all where there is no number. */
  expirySeconds?(input: ActionInput<P, Q, B>): number | undefined
}

type WithMetadata = { metadata?: Metadata }

/** LiveEngage numbers the event: 201 with its sequence. */
export type EventAction<
  P extends TSchema = TSchema,
  Q extends TSchema = TSchema,
  B extends TSchema = TSchema,
> = Definition<P, Q, B> & {
  outcome: 'event'
  translate(input: ActionInput<P, Q, B>): PublishEvent & WithMetadata
}

/** LiveEngage does not number it: 204. */
export type SilentAction<
  P extends TSchema = TSchema,
  Q extends TSchema = TSchema,
  B extends TSchema = TSchema,
> = Definition<P, Q, B> & {
  outcome: 'silent'
  translate(input: ActionInput<P, Q, B>): SendCommand & WithMetadata
}

/** LiveEngage opens a conversation: 201 with its id. */
export type OpenAction<
  P extends TSchema = TSchema,
  Q extends TSchema = TSchema,
  B extends TSchema = TSchema,
> = Definition<P, Q, B> & {
  outcome: 'opened'
  translate(input: ActionInput<P, Q, B>): [SetUserProfile, ConsumerRequestConversation]
}

export type Action = EventAction | SilentAction | OpenAction

/** Ties the types of an action's schemas to its translation. */
export function defineAction<P extends TSchema, Q extends TSchema, B extends TSchema>(
  action: EventAction<P, Q, B>,
): EventAction<P, Q, B>
export function defineAction<P extends TSchema, Q extends TSchema, B extends TSchema>(
  action: SilentAction<P, Q, B>,
): SilentAction<P, Q, B>
export function defineAction<P extends TSchema, Q extends TSchema, B extends TSchema>(
  action: OpenAction<P, Q, B>,
): OpenAction<P, Q, B>
export function defineAction(action: Action): Action {
  return action
}
