/** Whether LivePerson gives the proxy its tokens. */
import { readLifeMs } from '../liveengage/credentials.ts'
import { beforeDeadline } from '../liveengage/deadline.ts'
import { type Check, deadlineOf, noAccount, type Outcome } from './check.ts'

const noCredentials: Outcome = {
  status: 'skip',
  detail: 'the proxy has no credentials of this account: callers bring both tokens',
}

export const checkAppJwt: Check = {
  name: 'app-jwt',
  after: 'sentinel',
  async examine(patient) {
    const { accountId, hasCredentials, app } = patient
    if (accountId === undefined) return noAccount
    if (!hasCredentials) return noCredentials
    const token = await beforeDeadline(app.credentials.appJwt(accountId), deadlineOf(patient))
    const minutes = Math.round(readLifeMs(token) / 60_000)
    return {
      status: 'ok',
      detail: `Sentinel takes the credentials; its AppJWT lives ${minutes} min`,
    }
  },
}

export const checkConsumerJws: Check = {
  name: 'consumer-jws',
  after: 'app-jwt',
  async examine(patient) {
    const { accountId, hasCredentials, consumerId, app } = patient
    if (accountId === undefined) return noAccount
    if (!hasCredentials) return noCredentials
    if (consumerId === undefined) {
      const detail =
        'not asked for: --consumer ID gets one, and registers that consumer at LivePerson'
      return { status: 'skip', detail }
    }
    const work = app.credentials.consumerJws(accountId, consumerId)
    await beforeDeadline(work, deadlineOf(patient))
    return { status: 'ok', detail: 'IDP gives a ConsumerJWS, and knows the consumer from now on' }
  },
}
