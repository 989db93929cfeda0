import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { Action } from '../../src/actions/action.ts'
import { actions } from '../../src/routes/actions.ts'
import { startProxy } from '../start.ts'
import { startAlwaysOk } from './always-ok.ts'
import { invalid } from './invalid-values.ts'
import { type Case, call, mustHold } from './must-hold.ts'
import { brokenText } from './raw-json.ts'
import { Runs } from './runs.ts'
import { valid, validObject } from './valid-values.ts'

const runs = new Runs()

async function start(t: Test) {
  const upstream = await startAlwaysOk(t)
  return { upstream, proxy: await startProxy(t, upstream.origin) }
}

const none = fc.constant(undefined)

/** A valid request of an action, its body apart. */
function validRequest({ method, path, params, query }: Action) {
  const keys = Object.keys(params['properties'])
  return fc
    .record({
      params: validObject({ ...params, additionalProperties: false }, keys),
      query: validObject({ ...query, additionalProperties: false }, []),
      isDryRun: fc.boolean(),
    })
    .map((made) => {
      const query = new URLSearchParams()
      for (const [key, value] of Object.entries(made.query)) query.set(key, String(value))
      if (made.isDryRun) query.set('dryRun', 'true')
      const filled = path.replace(/:(\w+)/g, (_, key: string) => String(made.params[key]))
      return {
        params: made.params,
        query: made.query,
        method,
        url: query.size === 0 ? filled : `${filled}?${query}`,
      }
    })
}

for (const action of actions) {
  const { name, body, hasOptionalBody } = action

  t.test(`${name}: all that its schema allows is accepted and arrives whole, once`, async (t) => {
    const subject = await start(t)
    const bodies =
      body === undefined ? none : hasOptionalBody ? fc.oneof(valid(body), none) : valid(body)
    const cases = fc.tuple(validRequest(action), bodies).map(([request, given]): Case => {
      const dialog = { dialogId: request.params['id'], ...request.query, ...Object(given) }
      return {
        method: request.method,
        url: request.url,
        ...(given !== undefined && { payload: JSON.stringify(given) }),
        expected: 'accepted',
        given: dialog.dialogId === undefined ? given : dialog,
      }
    })
    await runs.of(t, 300, cases, (each) => mustHold(subject, each))
    await runs.of(t, 20, cases, (each) => mustHold(subject, each, call))
  })

  if (body === undefined) continue

  t.test(`${name}: whatever its schema forbids is refused by its path`, async (t) => {
    const subject = await start(t)
    const cases = fc
      .tuple(validRequest(action), invalid(body))
      .map(([{ method, url }, { value, at }]): Case => {
        return { method, url, payload: JSON.stringify(value), expected: 'refused', at }
      })
    await runs.of(t, 1_200, cases, (each) => mustHold(subject, each))
    await runs.of(t, 20, cases, (each) => mustHold(subject, each, call))
  })

  t.test(`${name}: what is no sound JSON in UTF-8 is refused as a whole`, async (t) => {
    const subject = await start(t)
    const cases = fc
      .tuple(validRequest(action), brokenText(valid(body)))
      .map(([{ method, url }, [fault, payload]]): [string, Case] => {
        return [fault, { method, url, payload, expected: 'refused', at: '' }]
      })
    await runs.of(t, 300, cases, ([, each]) => mustHold(subject, each))
    await runs.of(t, 20, cases, ([, each]) => mustHold(subject, each, call))
  })
}
