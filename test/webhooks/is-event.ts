/** Whether JSON has the documented form of an event. */
import { FormatRegistry } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { Event } from '../../src/webhooks/events.ts'

FormatRegistry.Set('date-time', (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text))

export function isEvent(json: unknown): boolean {
  return Value.Check(Event, json)
}
