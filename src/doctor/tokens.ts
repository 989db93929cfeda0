/** Checks that the proxy can get its tokens from LivePerson. */
import { readLifeMs } from '../liveengage/tokens/token-life.ts'
import { beforeDeadline } from '../transport/deadline.ts'
import { type Check, deadlineOf, noAccount, type Outcome } from './check.ts'

const noCredentials: Outcome = {
  status: 'skip',
  detail: 'the proxy has no credentials for this account; callers send both tokens',
}

export const checkAppJwt: Check = {
  name: 'app-jwt',
  after: 'sentinel',
  async examine(patient) {
    const { accountId, credentials, app } = patient
    if (accountId === undefined) return noAccount
    if (credentials === undefined) return noCredentials
    const token = await beforeDeadline(
      app.credentials.appJwt({ accountId, credentials }),
      deadlineOf(patient),
    )
    const minutes = Math.round(readLifeMs(token) / 60_000)
    return {
      status: 'ok',
      detail: `Sentinel accepted the credentials; the AppJWT is valid for ${minutes} min`,
    }
  },
}

export const checkConsumerJws: Check = {
  name: 'consumer-jws',
  after: 'app-jwt',
  async examine(patient) {
    const { accountId, credentials, consumerId, app } = patient
    if (accountId === undefined) return noAccount
    if (credentials === undefined) return noCredentials
    if (consumerId === undefined) {
      const detail =
        'not requested; --consumer ID gets one and registers that consumer with LivePerson'
      return { status: 'skip', detail }
    }
    const work = app.credentials.consumerJws({ accountId, credentials }, consumerId)
    await beforeDeadline(work, deadlineOf(patient))
    return { status: 'ok', detail: 'IDP returned a ConsumerJWS and has registered the consumer' }
  },
}
