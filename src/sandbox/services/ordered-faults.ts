import type { FastifyInstance } from 'fastify'
import { type Service, services } from '../memory/faults.ts'
import type { State } from '../memory/state.ts'
import { type Fault, faultOf } from './faults.ts'

/** Plays the faults that were ordered for a service, whatever the call contains. */
export function registerOrderedFaults(app: FastifyInstance, { faults, calls }: State): void {
  const late = new WeakMap<object, NonNullable<Fault['after']>>()

  app.addHook('preHandler', async (request, reply) => {
    const service = serviceOf(request.routeOptions.config.sandboxService)
    const name = service === undefined ? undefined : faults.take(service)
    if (service === undefined || name === undefined) return
    calls.remark(request, [`the fault ${name} was ordered for this call`])
    const fault = faultOf(name, service)
    if (fault?.after !== undefined) late.set(request, fault.after)
    if (fault?.instead === undefined) return
    await fault.instead(reply)
    return reply
  })

  app.addHook('onSend', async (request, reply, payload) => {
    const after = late.get(request)
    late.delete(request)
    return after === undefined ? payload : await after(reply, payload)
  })
}

function serviceOf(name: string | undefined): Service | undefined {
  return services.find((service) => service === name)
}
