/** The table of problems, for people and for programs: made once, for both. */
import type { FastifyInstance } from 'fastify'
import {
  describeProblem,
  getProblemOperation,
  listProblemsOperation,
} from '../openapi/problem-operations.ts'
import { type ProblemCode, problems } from '../problems/catalogue.ts'
import { Problem } from '../problems/problem.ts'
import { escapeHtml, renderPage, sendPageOrJson } from './page.ts'

type Both = { page: Buffer; json: Buffer }

function isCode(code: string): code is ProblemCode {
  return Object.hasOwn(problems, code)
}

export function mountProblems(app: FastifyInstance): void {
  const codes = Object.keys(problems).filter(isCode)
  const all = renderAll(codes, app.problemsUrl)
  const each = new Map<string, Both>(codes.map((code) => [code, renderOne(code, app.problemsUrl)]))
  app.get('/problems', { schema: listProblemsOperation }, (request, reply) =>
    sendPageOrJson(request, reply, all.page, all.json),
  )
  app.get<{ Params: { code: string } }>(
    '/problems/:code',
    { schema: getProblemOperation },
    (request, reply) => {
      const one = each.get(request.params.code)
      if (one === undefined) {
        throw new Problem('route-not-found', { detail: 'There is no such problem.' })
      }
      return sendPageOrJson(request, reply, one.page, one.json)
    },
  )
}

/** Links are relative, so they work behind a path prefix. */
function renderAll(codes: readonly ProblemCode[], problemsUrl: string): Both {
  const items = codes.map((code) => {
    const { status, title } = problems[code]
    return `<li>${status} <a href="problems/${code}"><code>${code}</code></a>: ${escapeHtml(title)}`
  })
  const body = `<h1>Problems</h1>
<p>Each way in which a request can fail. The <code>code</code> of an answer is one of these.
<ul>
${items.join('\n')}
</ul>`
  const table = { problems: codes.map((code) => describeProblem(code, problemsUrl)) }
  return { page: renderPage('Problems of liveengage-proxy', body), json: toJson(table) }
}

const meanings = {
  delivery: {
    'not-sent': 'LiveEngage cannot have acted on the request.',
    unknown: 'LiveEngage may have acted on the request.',
  },
  retryable: {
    true: 'A retry is harmless and may help.',
    false: 'Do not just retry.',
    'if-repeatable': 'Only actions that change nothing when they are repeated may be retried.',
  },
} as const

function renderOne(code: ProblemCode, problemsUrl: string): Both {
  const { status, title, cause, remedy, delivery, retryable } = problems[code]
  const body = `<h1>${escapeHtml(title)}</h1>
<p>${status} <code>${code}</code>
<dl>
<dt>Cause<dd>${toHtml(cause)}
<dt>Remedy<dd>${toHtml(remedy)}
<dt>Delivery: <code>${delivery}</code><dd>${meanings.delivery[delivery]}
<dt>Retryable: <code>${retryable}</code><dd>${meanings.retryable[`${retryable}`]}
</dl>
<p><a href="../problems">All problems</a>`
  const json = toJson(describeProblem(code, problemsUrl))
  return { page: renderPage(`${title} (${code})`, body), json }
}

/** A text of the table, in which backticks mark code. */
function toHtml(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>')
}

function toJson(answer: object): Buffer {
  return Buffer.from(JSON.stringify(answer))
}
