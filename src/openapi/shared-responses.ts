/** Most operations have the same problem responses. The document has each of them once, under a name. */
import { STATUS_CODES } from 'node:http'

/** Replaces the problem responses of an operation by references. @param shared the name of each response so far, by its JSON */
export function shareResponses(
  responses: Record<string, unknown>,
  shared: Map<string, string>,
): void {
  const names = Object.keys(responses).filter((status) => Number(status) >= 400)
  for (const status of names) {
    const text = JSON.stringify(responses[status])
    const stem = String(STATUS_CODES[status]).replace(/[^A-Za-z]/g, '')
    const others = [...shared.values()].filter((name) => name.replace(/[0-9]+$/, '') === stem)
    const name = others.length === 0 ? stem : `${stem}${others.length + 1}`
    shared.set(text, shared.get(text) ?? name)
    responses[status] = { $ref: `#/components/responses/${shared.get(text)}` }
  }
}
