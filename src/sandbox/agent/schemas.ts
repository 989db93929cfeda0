/** What the agent's API takes and gives, as TypeBox: the source of its validation and of its OpenAPI document. */
import { type Static, Type } from '@sinclair/typebox'
import { FileType } from '../../liveengage/protocol/values.ts'
import { StringEnum } from '../../string-enum.ts'
import { services } from '../memory/faults.ts'
import { signatureForms } from '../notifications/signature.ts'

const strict = { additionalProperties: false } as const
const id = (description: string) => Type.String({ pattern: '^[A-Za-z0-9_-]{1,128}$', description })

export const ConversationParams = Type.Object({ id: id('The conversation') })
export const ItemParams = Type.Object({ id: id('As the list has it') })

export const AccountQuery = Type.Object(
  { account: Type.Optional(Type.String({ description: 'Only if two accounts have the same id' })) },
  strict,
)
export const DetailQuery = Type.Object(
  {
    ...AccountQuery.properties,
    after: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,15}$', description: 'The number of an entry' }),
    ),
  },
  strict,
)
const limit = Type.Optional(
  Type.String({ pattern: '^[1-9][0-9]{0,3}$', description: '100 unless given' }),
)
export const ListQuery = Type.Object({ limit }, strict)
export const PageQuery = Type.Object(
  {
    limit,
    before: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,15}$', description: 'The number of the oldest one seen' }),
    ),
  },
  strict,
)

const Metadata = Type.Array(Type.Object({ type: Type.String({ minLength: 1 }) }), {
  description: "LivePerson's metadata, as it is",
})

export const NewMessage = Type.Object(
  {
    text: Type.Optional(Type.String({ minLength: 1, maxLength: 5_000 })),
    quickReplies: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
        minItems: 1,
        maxItems: 24,
        description: 'Titles of buttons below the text',
      }),
    ),
    card: Type.Optional(
      Type.Object({}, { description: "Structured content, as LivePerson's `content`" }),
    ),
    file: Type.Optional(
      Type.Object(
        {
          relativePath: Type.String({ minLength: 1, description: 'Of POST /sandbox/files' }),
          fileType: FileType,
          caption: Type.Optional(Type.String()),
          preview: Type.Optional(Type.String({ description: 'A data: URI' })),
        },
        strict,
      ),
    ),
    audience: Type.Optional(
      StringEnum(['all', 'internal'], { description: '`internal`: a note among agents' }),
    ),
    role: Type.Optional(
      StringEnum(['ASSIGNED_AGENT', 'AGENT', 'MANAGER', 'CONTROLLER'], {
        description: 'ASSIGNED_AGENT',
      }),
    ),
    metadata: Type.Optional(Metadata),
  },
  strict,
)
export type NewMessage = Static<typeof NewMessage>

export const NewFile = Type.Object(
  {
    fileType: FileType,
    base64: Type.String({ minLength: 1, description: 'The bytes, at most 3 MiB' }),
    account: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9]{1,32}$' })),
  },
  strict,
)

export const Typing = Type.Object(
  { state: StringEnum(['composing', 'pause', 'active', 'inactive', 'gone']) },
  strict,
)

export const Receipt = Type.Object(
  {
    status: StringEnum(['accept', 'read']),
    sequences: Type.Optional(
      Type.Array(Type.Integer({ minimum: 0 }), {
        minItems: 1,
        description: 'All messages of the consumer that have no such receipt yet, unless given',
      }),
    ),
  },
  strict,
)

export const WhichAgent = Type.Object({ agentId: Type.Optional(id('Robin, unless given')) }, strict)
export const Transfer = Type.Object(
  { skillId: Type.String({ pattern: '^(-1|[0-9]{1,10})$' }) },
  strict,
)
export const Close = Type.Object(
  {
    survey: Type.Optional(Type.Boolean({ description: 'A survey follows in a dialog of its own' })),
    by: Type.Optional(StringEnum(['agent', 'consumer', 'system'])),
  },
  strict,
)
export const Rating = Type.Object(
  { rating: Type.Integer({ minimum: 1, maximum: 5 }), resolved: Type.Optional(Type.Boolean()) },
  strict,
)

export const NewConversation = Type.Object(
  {
    accountId: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9]{1,32}$' })),
    text: Type.Optional(Type.String({ minLength: 1, maxLength: 5_000 })),
  },
  strict,
)

export const unhappyPaths = [
  'duplicate',
  'swapped',
  'two-in-one',
  'wrong-signature',
  'old-form',
  'other-channel',
  'unknown-type',
  'large',
  'flood',
] as const
export const UnhappyPath = Type.Object(
  {
    kind: StringEnum(unhappyPaths),
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: 2_000, description: 'flood: 500' })),
    bytes: Type.Optional(
      Type.Integer({ minimum: 1_000, maximum: 4_000_000, description: 'large: 900,000' }),
    ),
  },
  strict,
)
export type UnhappyPath = Static<typeof UnhappyPath>

export const NewFault = Type.Object(
  {
    service: StringEnum(services),
    fault: Type.String({
      pattern: '^(400|401|429|500|502|closed|html|timeout|reset|lost|slow=[0-9]{1,5})$',
      description: 'As the `sandbox:` texts have it',
    }),
    times: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: '1' })),
  },
  strict,
)

export const Webhook = Type.Object(
  {
    url: Type.Optional(
      Type.Union([Type.String({ pattern: '^https?://[^\\s]{1,2000}$' }), Type.Null()], {
        description: 'Where notifications go; null: nowhere',
      }),
    ),
    signature: Type.Optional(StringEnum(signatureForms)),
    escapeUnicode: Type.Optional(
      Type.Boolean({ description: 'Characters beyond ASCII as \\uXXXX' }),
    ),
    retentionSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 259_200,
        description: 'Of the retry by time; 0: no retry, as a manifest without a policy',
      }),
    ),
  },
  strict,
)

export const Outage = Type.Object(
  {
    on: Type.Boolean({
      description: 'true: as if the endpoint were down; false: what was stored goes out',
    }),
    accountId: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9]{1,32}$' })),
  },
  strict,
)
