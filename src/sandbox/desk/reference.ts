/** The reference of the agent's API as one page without a script, from its OpenAPI document. */
import { isObject, memberOf } from '../services/reading.ts'

const methods = ['get', 'post', 'put', 'delete']

export function renderReference(document: unknown): string {
  const paths = memberOf(document, 'paths')
  const operations = Object.entries(isObject(paths) ? paths : {}).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = memberOf(item, method)
      return operation === undefined ? [] : [{ path, method, operation }]
    }),
  )
  const tags = memberOf(document, 'tags')
  const sections = (Array.isArray(tags) ? tags : []).map((tag) => {
    const name = String(memberOf(tag, 'name'))
    const own = operations.filter(({ operation }) => tagOf(operation) === name)
    return `<section><h2 id="${name}">${name}</h2><p>${text(memberOf(tag, 'description'))}.</p>${own.map(render).join('')}</section>`
  })
  const names = (Array.isArray(tags) ? tags : []).map((tag) => String(memberOf(tag, 'name')))
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>API of the desk</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/desk/desk.css"></head>
<body class="reference"><header><h1>${text(memberOf(memberOf(document, 'info'), 'title'))}</h1>
<p>${text(memberOf(memberOf(document, 'info'), 'description'))}</p>
<nav aria-label="Sections"><a href="/">Desk</a> ${names.map((name) => `<a href="#${name}">${name}</a>`).join(' ')} <a href="/sandbox/openapi.json">OpenAPI</a></nav></header>
<main>${sections.join('\n')}</main></body></html>
`
}

function render({ path, method, operation }: { path: string; method: string; operation: unknown }) {
  const body = schemaOf(operation)
  const example = memberOf(mediaOf(operation), 'example') ?? memberList(body, 'examples')[0]
  const fields = Object.entries(membersOf(body, 'properties'))
  const required = memberList(body, 'required')
  const rows = fields.map(
    ([name, field]) =>
      `<tr><th scope="row"><code>${text(name)}</code>${required.includes(name) ? ' <small>required</small>' : ''}</th><td>${text(describe(field))}</td></tr>`,
  )
  const table =
    rows.length === 0 ? '' : `<table><caption>Body</caption><tbody>${rows.join('')}</tbody></table>`
  return `<article><h3>${text(memberOf(operation, 'summary'))}</h3>
<p class="route"><b>${method.toUpperCase()}</b> <code>${text(path)}</code></p>
<p>${text(memberOf(operation, 'description') ?? '')}</p>${table}
<pre tabindex="0"><code>${text(curl(method, path, example))}</code></pre></article>`
}

function curl(method: string, path: string, example: unknown): string {
  const address = `"$SANDBOX${path.replace('{id}', '$ID')}"`
  if (method === 'get') return `curl ${address}`
  const verb = `curl -X ${method.toUpperCase()} ${address}`
  if (example === undefined) return verb
  return `${verb} \\\n  -H 'content-type: application/json' -d '${JSON.stringify(example)}'`
}

function describe(field: unknown): string {
  const values = memberList(field, 'enum').join(', ')
  const described = memberOf(field, 'description')
  return [memberOf(field, 'type') ?? '', values, described ?? '']
    .filter((part) => part !== '')
    .join('; ')
}

function tagOf(operation: unknown): unknown {
  return memberList(operation, 'tags')[0]
}

function schemaOf(operation: unknown): unknown {
  return memberOf(mediaOf(operation), 'schema')
}

function mediaOf(operation: unknown): unknown {
  const content = memberOf(memberOf(operation, 'requestBody'), 'content')
  return memberOf(content, 'application/json')
}

function membersOf(value: unknown, key: string): Record<string, unknown> {
  const members = memberOf(value, key)
  return isObject(members) ? members : {}
}

function memberList(value: unknown, key: string): unknown[] {
  const list = memberOf(value, key)
  return Array.isArray(list) ? list : []
}

function text(value: unknown): string {
  return String(value).replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
