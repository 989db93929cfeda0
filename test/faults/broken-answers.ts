/** Whole answers that are refusals, contradictions, or no answers of LiveEngage at all. */
import type { Exchange } from './exchange.ts'
import { deniesProcessing, type Fault } from './fault.ts'
import { eitherWay, fault, type Options } from './making-faults.ts'

const page = '<!doctype html><title>Maintenance</title><h1>Back soon</h1>'
const documents: Fault[] = [
  ...eitherWay('html', 'HTML with 200', (exchange) => {
    exchange.answer(200, page, { 'content-type': 'text/html' })
  }),
  ...eitherWay('html', 'HTML with 502', (exchange) => {
    exchange.answer(502, page, { 'content-type': 'text/html' })
  }),
  ...eitherWay('html', 'nothing with 200', (exchange) => exchange.answer(200, '')),
  ...eitherWay('html', '204', (exchange) => {
    exchange.write('HTTP/1.1 204 No Content\r\n\r\n')
  }),
]

/** @param elsewhere an origin that must never hear of a message */
export function redirects(elsewhere: string): Fault[] {
  return [301, 302, 303, 307, 308].flatMap((status) =>
    eitherWay('redirect', `${status} to another origin`, (exchange) => {
      exchange.answer(status, '', { location: `${elsewhere}${exchange.head.path}` })
    }),
  )
}

function refusing(status: number, options: Options = {}): Fault[] {
  const body = { code: 'BAD_REQUEST', body: { msg: 'Bad Request' } }
  return eitherWay('status', String(status), (exchange) => exchange.answer(status, body), {
    weight: 0,
    isLie: deniesProcessing(status),
    ...options,
  })
}

const statuses: Fault[] = [
  ...[400, 401, 403, 404, 409, 413, 421, 451].flatMap((status) => refusing(status)),
  ...[408, 500, 501, 502, 503, 504, 599].flatMap((status) => refusing(status, { weight: 1 })),
  // With time for the resend that a 429 may have, and without.
  ...refusing(429, { deadline: 'long' }),
  ...refusing(429),
  ...[40102, 40103, 40104, 40105].flatMap((errorCode) =>
    eitherWay(
      'status',
      `401 with ${errorCode}`,
      (exchange) => {
        const body = { title: 'Invalid token', details: 'expired or invalid', errorCode }
        exchange.answer(401, { kind: 'resp', code: 401, body, type: '.ReqBody$ErrorResp' })
      },
      { weight: 0, isLie: true },
    ),
  ),
  fault(
    'status',
    '400 that quotes the tokens, not processed',
    async (exchange) => {
      if (!(await exchange.read())) return
      const { headers } = exchange.head
      const msg = `refused ${headers.get('authorization')} for ${headers.get('x-lp-on-behalf')}`
      exchange.answer(400, { code: 'BAD_REQUEST', body: { msg } })
    },
    { weight: 0 },
  ),
  fault(
    'status',
    '500 that quotes the tokens, processed',
    async (exchange) => {
      if (!(await exchange.process())) return
      const { headers } = exchange.head
      const details = `${headers.get('x-lp-on-behalf')} and ${headers.get('authorization')}`
      exchange.answer(500, { code: 500, body: { title: details, details, errorCode: 50000 } })
    },
    { weight: 1 },
  ),
  ...eitherWay('status', '500 that says OK', (exchange) => exchange.answer(500)),
  ...eitherWay('status', '400 that says OK', (exchange) => exchange.answer(400)),
]

const requestIds: Fault[] = [
  ...eitherWay('other reqId', 'the answer to another request', (exchange) => {
    exchange.answer(200, { ...exchange.success(), reqId: '00000000-0000-4000-8000-000000000000' })
  }),
  ...eitherWay('other reqId', 'an empty reqId', (exchange) => {
    exchange.answer(200, { ...exchange.success(), reqId: '' })
  }),
  ...eitherWay('other reqId', '400 for another request', (exchange) => {
    exchange.answer(400, { code: 'BAD_REQUEST', reqId: 'another', body: { msg: 'Bad Request' } })
  }),
  fault(
    'other reqId',
    'no reqId, processed',
    async (exchange) => {
      if (!(await exchange.process())) return
      const { reqId: _, ...rest } = exchange.success()
      exchange.answer(200, rest)
    },
    { weight: 0 },
  ),
]

const closed = { code: 'BAD_REQUEST', body: { msg: 'Bad Request, Conversation is close' } }

const documentsOfTheWrongForm: [string, (exchange: Exchange) => unknown][] = [
  ['cut in the middle', (exchange) => JSON.stringify(exchange.success()).slice(0, -9)],
  ['null', () => null],
  ['a list', (exchange) => [exchange.success()]],
  ['an empty object', () => ({})],
  ['an unknown code', (exchange) => ({ ...exchange.success(), code: 'MAYBE' })],
  ['a code that is an object', (exchange) => ({ ...exchange.success(), code: { OK: true } })],
  ['an error in a 200', () => ({ code: 500, body: { title: 'x', errorCode: 50201 } })],
  ['a refusal that is not documented, in a 200', () => ({ code: 'BAD_REQUEST', body: 'no' })],
  ['5,000 levels deep', () => `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
  ['two documents', (exchange) => JSON.stringify(exchange.success()).repeat(2)],
]

const wrongJson: Fault[] = [
  ...documentsOfTheWrongForm.flatMap(([name, write]) =>
    eitherWay('wrong JSON', name, (exchange) => exchange.answer(200, write(exchange))),
  ),
  ...eitherWay(
    'wrong JSON',
    '"Conversation is close" in a 200',
    (exchange) => exchange.answer(200, closed),
    { isLie: true, weight: 0 },
  ),
  fault(
    'wrong JSON',
    'a success without a sequence, processed',
    async (exchange) => {
      if (await exchange.process()) exchange.answer(200, { ...exchange.success(), body: 'done' })
    },
    { weight: 0 },
  ),
]

export const brokenAnswers: Fault[] = [...documents, ...statuses, ...requestIds, ...wrongJson]
