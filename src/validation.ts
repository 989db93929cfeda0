/** Turns what the schema validator found into the `errors` of an `invalid-request`: names and rules, never values. */
import type { FastifySchemaValidationError } from 'fastify/types/schema.js'
import type { Action } from './action.ts'
import { pointerToken } from './json-body.ts'
import { type InputError, Problem } from './problems.ts'

const mostErrors = 20

/** Explains why a route's schemas refuse a request. @param part of the request: `body`, `params`, `querystring` */
export function explain(
  action: Action | undefined,
  found: readonly FastifySchemaValidationError[],
  part: string,
): Problem {
  const errors = nearestAlternative(found)
    .slice(0, mostErrors)
    .map((error) => toInputError(action, error, part))
  const detail = looksLikeEnvelope(found, part)
    ? `This looks like a whole LiveEngage envelope. This route takes ${listKeys(action)}; the proxy builds the envelope. POST it to /api/account/{accountId}/messaging/consumer/conversation/send?v=3 to send it as it is.`
    : `${errors.map(({ path, message }) => `${path || 'the body'} ${message}`).join('; ')}.`
  return new Problem('invalid-request', { detail, errors })
}

/**
 * A body that fits none of several forms fails for each of them. What helps is the form that it comes closest to:
 * the one whose keys are there. Where it has the keys of none, all of them are named at once.
 */
function nearestAlternative(
  found: readonly FastifySchemaValidationError[],
): FastifySchemaValidationError[] {
  const own: FastifySchemaValidationError[] = []
  const alternatives = new Map<string, FastifySchemaValidationError[]>()
  for (const error of found) {
    if (error.keyword === 'if' || error.keyword === 'anyOf') continue
    const index = /^#\/anyOf\/([0-9]+)\//.exec(error.schemaPath)?.[1]
    if (index === undefined) own.push(error)
    else {
      const alternative = alternatives.get(index) ?? []
      alternative.push(error)
      alternatives.set(index, alternative)
    }
  }
  const [nearest = [], ...others] = [...alternatives.values()].sort(
    (a, b) => missingKeys(a).length - missingKeys(b).length,
  )
  const missing = missingKeys(nearest)
  if (missing.length === 0) return [...own, ...nearest]
  const names = [...missing, ...others.flatMap(missingKeys)]
  const message = `must have ${names.join(' or ')}`
  const combined = {
    instancePath: '',
    schemaPath: '#/anyOf',
    keyword: 'anyOf',
    params: {},
    message,
  }
  return [...own, combined, ...nearest.filter((error) => !isMissingKey(error))]
}

function isMissingKey(error: FastifySchemaValidationError): boolean {
  return error.keyword === 'required' && error.instancePath === ''
}

function missingKeys(errors: readonly FastifySchemaValidationError[]): string[] {
  return errors.filter(isMissingKey).map(({ params }) => String(params['missingProperty']))
}

function toInputError(
  action: Action | undefined,
  { instancePath, keyword, params, message }: FastifySchemaValidationError,
  part: string,
): InputError {
  const at = (key?: string): string => {
    const pointer = key === undefined ? instancePath : `${instancePath}/${pointerToken(key)}`
    if (part === 'body') return pointer
    if (part === 'querystring') return `query:${pointer.slice(1)}`
    // The router's name of what the documents call so.
    return `path:${pointer === '/*' ? 'relativePath' : pointer.slice(1)}`
  }
  switch (keyword) {
    case 'required':
      return { path: at(String(params['missingProperty'])), message: 'is required' }
    case 'additionalProperties': {
      const key = String(params['additionalProperty'])
      const right = part === 'body' && instancePath === '' ? action?.mistakenKeys?.[key] : undefined
      const hint = right === undefined ? '' : `; the right one here is ${right}`
      return { path: at(key), message: `is not a known key${hint}` }
    }
    default:
      return { path: at(), message: rules[keyword]?.(params) ?? String(message) }
  }
}

/** What a value breaks, by the validator's keyword, in plainer words than its own ("must NOT have fewer than 1 characters"). */
const rules: Record<string, (params: Record<string, unknown>) => string> = {
  enum: ({ allowedValues }) => `must be one of ${[allowedValues].flat().join(', ')}`,
  type: ({ type }) => `must be ${/^[aeiou]/.test(String(type)) ? 'an' : 'a'} ${type}`,
  minimum: ({ limit }) => `must be at least ${limit}`,
  maximum: ({ limit }) => `must be at most ${limit}`,
  minLength: ({ limit }) => `must have at least ${count(limit, 'character')}`,
  maxLength: ({ limit }) => `must have at most ${count(limit, 'character')}`,
  minItems: ({ limit }) => `must have at least ${count(limit, 'item')}`,
  maxItems: ({ limit }) => `must have at most ${count(limit, 'item')}`,
}

function count(number: unknown, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`
}

/** LiveEngage's envelope has `kind` and `type` beside its `body`; no action of this API has either. */
function looksLikeEnvelope(found: readonly FastifySchemaValidationError[], part: string): boolean {
  const unknown = found.map(({ params }) => params['additionalProperty'])
  return part === 'body' && unknown.includes('kind') && unknown.includes('type')
}

function listKeys(action: Action | undefined): string {
  const body = action?.body
  const forms = body?.['anyOf'] ?? [body]
  const keys = forms.flatMap((form: typeof body) => Object.keys(Object(form?.['properties'])))
  return [...new Set(keys)].join(', ')
}
