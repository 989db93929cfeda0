/** The body of a problem answer. */
import { type Static, Type } from '@sinclair/typebox'
import { StringEnum } from '../string-enum.ts'
import { Delivery, problems } from './catalogue.ts'

/** The outcome of the receipt that is sent before a message with `inReplyTo`. */
export const ReceiptOutcome = StringEnum(['sent', 'unknown'], {
  description:
    'With `inReplyTo`: `sent` if LiveEngage accepted the receipt of the button, `unknown` if it may have. A retry sends it again, which changes nothing',
})
export type ReceiptOutcome = Static<typeof ReceiptOutcome>

/** RFC 9457. */
export const ProblemDetails = Type.Object(
  {
    type: Type.String({
      description:
        'The description of the problem: `/problems/<code>`, or its URL if PUBLIC_URL is set',
    }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.String({ description: '`urn:request:<requestId>`' }),
    code: StringEnum(Object.keys(problems), { description: 'The code to branch on' }),
    requestId: Type.String(),
    delivery: Delivery,
    retryable: Type.Boolean({
      description: 'Whether a retry of the same request is harmless and may help',
    }),
    remedy: Type.String({ description: 'What to do about it' }),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          path: Type.String({
            description:
              'JSON Pointer into the body, `header:<name>`, `query:<name>` or `path:<name>`',
          }),
          message: Type.String(),
        }),
        { description: 'What is wrong with the request. It has names and rules, never values' },
      ),
    ),
    liveengage: Type.Optional(
      Type.Object(
        {
          status: Type.Integer(),
          errorCode: Type.Optional(Type.Integer()),
          message: Type.Optional(Type.String({ maxLength: 200 })),
        },
        { description: 'What LiveEngage answered' },
      ),
    ),
    profileUpdated: Type.Optional(
      Type.Boolean({
        description: 'With `conversation-already-open`: whether LiveEngage accepted the profile',
      }),
    ),
    receipt: Type.Optional(ReceiptOutcome),
  },
  {
    $id: 'Problem',
    description: 'A problem (RFC 9457): what went wrong, and whether LiveEngage may have acted',
  },
)
export type ProblemDetails = Static<typeof ProblemDetails>

/** What every problem has. */
export type ShortProblemDetails = Pick<
  ProblemDetails,
  'type' | 'title' | 'status' | 'detail' | 'instance' | 'code' | 'requestId'
>
