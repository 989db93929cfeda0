/** Whether a problem is one of those that the document names for its operation: `code` is a closed set there. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

const { paths, components } = JSON.parse(
  readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8'),
)

type Operation = { method: string; path: RegExp; codes: Map<string, string[]> }

const operations: Operation[] = Object.entries<object>(paths).flatMap(([template, methods]) => {
  const pattern = template.replace(/\{relativePath\}/, '.+').replace(/\{\w+\}/g, '[^/]+')
  return Object.entries<{ responses: object }>({ ...methods }).map(([method, { responses }]) => ({
    method: method.toUpperCase(),
    path: new RegExp(`^${pattern}$`),
    codes: new Map(
      Object.entries(responses).map(([status, response]) => [status, codesOf(response)]),
    ),
  }))
})

/** @param response of an operation, or a reference to a shared one */
export function codesOf(response: { $ref?: string; content?: object }): string[] {
  const { $ref } = response
  if ($ref !== undefined) return codesOf(components.responses[$ref.split('/').at(-1) ?? ''])
  const problem = Object(response.content)['application/problem+json']
  return problem?.schema.allOf?.[1].properties.code.enum ?? []
}

/** @throws AssertionError */
export function mustBeDocumented(method: string, url: string, status: number, code: string): void {
  const [path = ''] = url.split(/[?#]/)
  const operation = operations.find((each) => each.method === method && each.path.test(path))
  if (operation === undefined) return
  const codes = operation.codes.get(String(status)) ?? []
  assert.ok(codes.includes(code), `the document lacks ${status} ${code} of ${method} ${path}`)
}
