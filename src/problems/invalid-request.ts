/** Turns validation errors into the `errors` of an `invalid-request`: names and rules, never values. */
import type { TSchema } from '@sinclair/typebox'
import { nearestName } from './nearest-name.ts'
import { type InputError, Problem } from './problem.ts'
import { keysOf, schemaOf } from './schema-lookup.ts'

/** The most reported. */
export const mostErrors = 20

/** One error of Ajv. */
export type Finding = {
  keyword: string
  /** JSON Pointer to the value. */
  instancePath: string
  /** JSON Pointer to the keyword in the schema. */
  schemaPath: string
  params: Record<string, unknown>
  message?: string
  /** The value. It is the caller's and must not be shown. */
  data?: unknown
}

/** What the parts of a request must be. */
export type ExpectedRequest = {
  body?: TSchema | undefined
  params?: TSchema | undefined
  querystring?: TSchema | undefined
  /** Top-level keys of other APIs that people try, each with the right one. */
  mistakenKeys?: Record<string, string> | undefined
}

/** The problem of a request that a schema refuses. */
export function explainInvalid(
  expected: ExpectedRequest,
  findings: readonly Finding[],
  part: string,
): Problem {
  const errors = nearestAlternative(findings)
    .slice(0, mostErrors)
    .map((finding) => toInputError(expected, finding, part))
  const detail = looksLikeEnvelope(findings, part)
    ? `This looks like a complete LiveEngage envelope. This route accepts ${keysOf(expected.body).join(', ')}; the proxy builds the envelope. To send the envelope as it is, POST it to /api/account/{accountId}/messaging/consumer/conversation/send?v=3.`
    : `${errors.map(({ path, message }) => `${path || 'the body'} ${message}`).join('; ')}.`
  return new Problem('invalid-request', { detail, errors })
}

/**
 * A body that fits none of several forms has errors for each of them. Only those of the closest form help: the one with the fewest
 * missing keys. If each form lacks a key, one error names all of those keys.
 */
function nearestAlternative(findings: readonly Finding[]): Finding[] {
  const own: Finding[] = []
  const alternatives = new Map<string, Finding[]>()
  for (const finding of findings) {
    if (finding.keyword === 'if' || finding.keyword === 'anyOf') continue
    const index = /^#\/anyOf\/([0-9]+)\//.exec(finding.schemaPath)?.[1]
    if (index === undefined) own.push(finding)
    else {
      const alternative = alternatives.get(index) ?? []
      alternative.push(finding)
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
  return [...own, combined, ...nearest.filter((finding) => !isMissingKey(finding))]
}

function isMissingKey(finding: Finding): boolean {
  const { keyword, instancePath, schemaPath } = finding
  // A key that another key requires does not identify a form.
  return keyword === 'required' && instancePath === '' && !schemaPath.endsWith('/then/required')
}

function missingKeys(findings: readonly Finding[]): string[] {
  return findings.filter(isMissingKey).map(({ params }) => String(params['missingProperty']))
}

function toInputError(expected: ExpectedRequest, finding: Finding, part: string): InputError {
  const { instancePath, keyword, params, message } = finding
  const at = (key?: string): string => {
    const pointer = key === undefined ? instancePath : `${instancePath}/${pointerToken(key)}`
    if (part === 'body') return pointer
    if (part === 'querystring') return `query:${pointer.slice(1)}`
    // The router calls the rest of the path `*`; the documentation calls it relativePath.
    return `path:${pointer === '/*' ? 'relativePath' : pointer.slice(1)}`
  }
  switch (keyword) {
    case 'required':
      return { path: at(String(params['missingProperty'])), message: 'is required' }
    case 'additionalProperties': {
      const key = String(params['additionalProperty'])
      const right = rightKey(expected, finding, part, key)
      if (right === key)
        return { path: at(key), message: 'cannot be combined with the other keys of this body' }
      const hint = right === undefined ? '' : ` (did you mean ${right}?)`
      return { path: at(key), message: `is not a known key${hint}` }
    }
    case 'type':
      if (finding.data === null && isOptional(partOf(expected, part), finding)) {
        return { path: at(), message: 'must not be null; leave out a key that has no value' }
      }
      return { path: at(), message: typeRule(params) }
    case 'minProperties': {
      const keys = keysOf(schemaOf(partOf(expected, part), finding.schemaPath))
      return { path: at(), message: `must have at least one of ${keys.join(', ')}` }
    }
    case 'pattern':
      return { path: at(), message: describeForm(partOf(expected, part), finding) }
    default:
      return { path: at(), message: rules[keyword]?.(params) ?? String(message) }
  }
}

function partOf(expected: ExpectedRequest, part: string): TSchema | undefined {
  if (part === 'body') return expected.body
  return part === 'querystring' ? expected.querystring : expected.params
}

function rightKey(
  expected: ExpectedRequest,
  { instancePath, schemaPath }: Finding,
  part: string,
  key: string,
): string | undefined {
  const schema = partOf(expected, part)
  const isTopOfBody = part === 'body' && instancePath === ''
  if (!isTopOfBody) return nearestName(key, keysOf(schemaOf(schema, schemaPath)))
  return expected.mistakenKeys?.[key] ?? nearestName(key, keysOf(schema))
}

/** A regular expression helps few callers. The first sentence of the schema's description explains it. */
function describeForm(part: TSchema | undefined, { schemaPath, params }: Finding): string {
  const schema = schemaOf(part, schemaPath)
  const { description = `text that matches ${params['pattern']}`, examples = [] } = schema
  const [sentence = ''] = String(description).split('. ')
  const [example] = [examples].flat()
  const hint = example === undefined ? '' : `, for example ${example}`
  return `must be ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}${hint}`
}

/** The broken rule, by the validator's keyword. Ajv's own message is less plain: "must NOT have fewer than 1 characters". */
const rules: Record<string, (params: Record<string, unknown>) => string> = {
  enum: ({ allowedValues }) => `must be one of ${[allowedValues].flat().join(', ')}`,
  minimum: ({ limit }) => `must be at least ${limit}`,
  maximum: ({ limit }) => `must be at most ${limit}`,
  minLength: ({ limit }) => `must have at least ${count(limit, 'character')}`,
  maxLength: ({ limit }) => `must have at most ${count(limit, 'character')}`,
  minItems: ({ limit }) => `must have at least ${count(limit, 'item')}`,
  maxItems: ({ limit }) => `must have at most ${count(limit, 'item')}`,
}

function typeRule({ type }: Record<string, unknown>): string {
  return `must be ${/^[aeiou]/.test(String(type)) ? 'an' : 'a'} ${type}`
}

/** Whether the error is about the value of an optional key. */
function isOptional(root: TSchema | undefined, { schemaPath }: Finding): boolean {
  const [, parent, key = ''] = /^(.*)\/properties\/([^/]+)\/type$/.exec(schemaPath) ?? []
  if (parent === undefined) return false
  return ![schemaOf(root, `${parent}/required`)['required']].flat().includes(key)
}

function count(number: unknown, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`
}

/** A LiveEngage envelope has `kind` and `type` beside its `body`; no action of this API has either. */
function looksLikeEnvelope(findings: readonly Finding[], part: string): boolean {
  const unknown = findings.map(({ params }) => params['additionalProperty'])
  return part === 'body' && unknown.includes('kind') && unknown.includes('type')
}

/** A token of a JSON Pointer (RFC 6901). A key that is no plain name is the caller's own words and is not shown. */
export function pointerToken(key: string): string {
  return /^[\w$.@-]{1,64}$/.test(key) ? key : '?'
}
