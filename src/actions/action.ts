/** An action: one thing that a consumer can do. It has schemas, documentation and a pure translation to LiveEngage's command. */
import { type Static, type TSchema, Type } from '@sinclair/typebox'
import type {
  ConsumerRequestConversation,
  PublishEvent,
  SendCommand,
} from '../liveengage/protocol/commands.ts'
import type { SetUserProfile } from '../liveengage/protocol/profile.ts'
import type { Metadata } from '../liveengage/protocol/values.ts'
import { idPattern, longestId } from '../liveengage/protocol/values.ts'
import type { ProblemCode } from '../problems/catalogue.ts'
import { StringEnum } from '../string-enum.ts'
import type { Priority } from '../transport/terms.ts'

export const ConversationId = Type.String({
  pattern: idPattern,
  description: `The conversation’s id: 1 to ${longestId} letters, digits, hyphens or underscores`,
  examples: ['8602832d-dce1-446b-8445-0d51f5926a42'],
})

export const DialogId = Type.String({
  pattern: idPattern,
  description: `A dialog’s id: 1 to ${longestId} letters, digits, hyphens or underscores. Default: the conversation’s id, which is that of its main dialog`,
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
    description: 'Sent unchanged with the event, for example the `ExternalId` of a clicked card',
    examples: [[{ type: 'ExternalId', id: 'order-confirmation' }]],
  },
)

/** The number that LiveEngage gave to an event of a dialog. */
export const Sequence = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

/** The query of every route that translates. */
export const DryRunQuery = Type.Object(
  {
    dryRun: Type.Optional(
      StringEnum(['true', 'false'], {
        description:
          '`true`: answers 200 with the call to LiveEngage, a `DryRun`, instead of making it',
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
  /** Absent: the route has no body. */
  body?: B
  /** Documented as optional. In every action an empty body counts as `{}`. */
  hasOptionalBody?: boolean
  /** By name. The OpenAPI document shows them, and a test sends each to the sandbox. */
  examples: Record<string, Example>
  /** Top-level keys of other APIs that people try, each with the right one. */
  mistakenKeys?: Record<string, string>
  /** Repeating the action changes nothing, so a retry is harmless. */
  isRepeatable: boolean
  /** Under overload, requests of low priority are rejected first. */
  priority: Priority
  /** It is sent only after earlier requests of its conversation. */
  isOrdered?: boolean
  /** A problem which means that the action was done already. */
  settledBy?: ProblemCode
  /** The seconds after which its typing ends by itself. Undefined: it does not. */
  expirySeconds?(input: ActionInput<P, Q, B>): number | undefined
}

type WithMetadata = { metadata?: Metadata }

/** What each kind of action becomes. */
type Translations = {
  /** LiveEngage numbers the event; the route answers 201 with its sequence. */
  event: PublishEvent & WithMetadata
  /** LiveEngage does not number it; the route answers 204. */
  silent: SendCommand & WithMetadata
  /** LiveEngage opens a conversation; the route answers 201 with its id. */
  opened: [SetUserProfile, ConsumerRequestConversation]
}
type Outcome = keyof Translations

export type ActionOf<
  O extends Outcome,
  P extends TSchema = TSchema,
  Q extends TSchema = TSchema,
  B extends TSchema = TSchema,
> = Definition<P, Q, B> & {
  outcome: O
  translate(input: ActionInput<P, Q, B>): Translations[O]
  /** The receipt that goes to LiveEngage before the event, in its own call. Undefined: there is none. */
  receipt?(
    input: ActionInput<P, Q, B>,
  ): O extends 'event' ? Translations['event'] | undefined : never
}

export type Action = { [O in Outcome]: ActionOf<O> }[Outcome]

/** Ties the types of an action's schemas to its translation. */
export function defineAction<
  O extends Outcome,
  P extends TSchema,
  Q extends TSchema,
  B extends TSchema,
>(action: ActionOf<O, P, Q, B>): ActionOf<O, P, Q, B> {
  return action
}
