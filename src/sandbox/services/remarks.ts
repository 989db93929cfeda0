import type { FastifyRequest } from 'fastify'
import type { State } from '../memory/state.ts'
import type { Refusal } from './refusals.ts'

/** Accepts a call with remarks on what is not documented; refuses it if the sandbox is strict. */
export function takeWith(
  { calls, isStrict, log }: State,
  request: FastifyRequest,
  remarks: readonly string[],
  refusalFor: (rule: string) => Refusal,
): void {
  const [first] = remarks
  if (first === undefined) return
  if (isStrict) throw refusalFor(first)
  calls.remark(request, remarks)
  for (const remark of remarks) {
    log({ event: 'remark', service: serviceOf(request), text: remark })
  }
}

export function serviceOf({ routeOptions }: FastifyRequest): string {
  return routeOptions.config?.sandboxService ?? 'unknown'
}
