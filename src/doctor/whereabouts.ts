/** Where the account's services are, by the proxy's own look-up, and whether they can be reached. */
import { beforeDeadline } from '../liveengage/deadline.ts'
import type { Service } from '../liveengage/protocol.ts'
import { explainProblem } from './advice.ts'
import { type Check, deadlineOf, noAccount, type Outcome, type Patient } from './check.ts'
import { reach } from './reach.ts'

const purposes: Readonly<Record<Service, string>> = {
  asyncMessagingEnt: 'every message',
  sentinel: 'an AppJWT of the proxy’s own',
  idp: 'a ConsumerJWS of the proxy’s own',
  swift: 'pictures',
}

export function checkService(service: Service): Check {
  return {
    name: service,
    after: 'domain-api-tls',
    async examine(patient) {
      const { accountId, hasCredentials } = patient
      if (accountId === undefined) return noAccount
      const outcome = await find(patient, accountId, service).catch(explainProblem)
      if (outcome.status === 'ok') return outcome
      const detail = `${outcome.detail}; needed for ${purposes[service]}`
      const isNeeded = hasCredentials || (service !== 'sentinel' && service !== 'idp')
      return { ...outcome, detail, status: isNeeded ? 'fail' : 'warn' }
    },
  }
}

async function find(patient: Patient, accountId: string, service: Service): Promise<Outcome> {
  const { app, config } = patient
  const origin = await beforeDeadline(app.domains.find(accountId, service), deadlineOf(patient))
  const outcome = await reach(origin, config.connectTimeoutMs)
  return { ...outcome, detail: `allowed: ${outcome.detail}` }
}
