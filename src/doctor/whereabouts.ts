/** Looks the account's services up as the proxy does, and checks that they can be reached. */
import type { Service } from '../liveengage/protocol/values.ts'
import { beforeDeadline } from '../transport/deadline.ts'
import { explainProblem } from './advice.ts'
import { type Check, deadlineOf, noAccount, type Outcome, type Patient } from './check.ts'
import { reach } from './reach.ts'

const purposes: Readonly<Record<Service, string>> = {
  asyncMessagingEnt: 'every message',
  sentinel: 'the proxy’s own AppJWT',
  idp: 'the proxy’s own ConsumerJWS',
  swift: 'pictures',
}

export function checkService(service: Service): Check {
  return {
    name: service,
    after: 'domain-api-tls',
    async examine(patient) {
      const { accountId, credentials } = patient
      if (accountId === undefined) return noAccount
      const outcome = await find(patient, accountId, service).catch(explainProblem)
      if (outcome.status === 'ok') return outcome
      const detail = `${outcome.detail}; needed for ${purposes[service]}`
      const isNeeded = credentials !== undefined || (service !== 'sentinel' && service !== 'idp')
      return { ...outcome, detail, status: isNeeded ? 'fail' : 'warn' }
    },
  }
}

async function find(patient: Patient, accountId: string, service: Service): Promise<Outcome> {
  const { app, config } = patient
  const origin = await beforeDeadline(app.domains.find(accountId, service), deadlineOf(patient))
  const outcome = await reach(origin, config)
  return { ...outcome, detail: `allowed: ${outcome.detail}` }
}
