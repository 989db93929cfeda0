/** Sends one message through the whole app as a dry run, from its route to the call that LiveEngage would get. */
import type { Static } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { DryRun } from '../openapi/schemas.ts'
import { problems } from '../problems/catalogue.ts'
import { ProblemDetails } from '../problems/details.ts'
import { type Check, noAccount } from './check.ts'

/** Replaces the caller's tokens. A dry run sends none. */
const placeholder = 'eyJhbGciOiJub25lIn0.e30.c2FtcGxl'

export const checkDryRun: Check = {
  name: 'dry-run',
  after: 'asyncMessagingEnt',
  async examine({ app, accountId, credentials }) {
    if (accountId === undefined) return noAccount
    const response = await app.server.inject({
      method: 'POST',
      url: '/conversations/doctor/messages?dryRun=true',
      headers: {
        'x-lp-account-id': accountId,
        ...(credentials !== undefined
          ? { 'x-lp-consumer-id': 'doctor' }
          : { authorization: placeholder, 'x-lp-on-behalf': placeholder }),
      },
      payload: { text: 'Hi' },
    })
    const answer: unknown = response.json()
    if (Value.Check(DryRun, answer)) return { status: 'ok', detail: describe(answer) }
    const { code, detail } = Value.Parse(ProblemDetails, answer)
    const remedy = new Map<string, { remedy: string }>(Object.entries(problems)).get(code)?.remedy
    return { status: 'fail', detail: `${code}: ${detail}`, ...(remedy !== undefined && { remedy }) }
  },
}

function describe({ method, url, headers, body }: Static<typeof DryRun>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return ['the call that would be made:', `${method} ${url}`, ...lines, JSON.stringify(body)].join(
    '\n',
  )
}
