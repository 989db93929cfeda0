/** Checks that the clock of this machine agrees with LivePerson's. */
import { explainFailure } from './advice.ts'
import type { Check } from './check.ts'
import { readClock } from './probe.ts'

/** The Date header has whole seconds, and the answer takes time to arrive. A smaller difference means nothing. */
const tolerableMs = 5_000
/** The difference that most readers of JWTs tolerate. Beyond it, a valid token may look expired, or an expired one valid. */
const harmfulMs = 60_000

const remedy =
  'Synchronize the clock (NTP). The proxy measures the life of a token by the token’s own two times, so they are not affected. But certificates, the times in the log, and callers that check an AppJWT with this clock are.'

export const checkClock: Check = {
  name: 'clock',
  after: 'domain-api-tls',
  async examine({ config }) {
    const { domainApiUrl, connectTimeoutMs, requestTimeoutMs } = config
    const clock = await readClock(domainApiUrl, config, connectTimeoutMs + requestTimeoutMs)
    if ('code' in clock) return explainFailure(clock, new URL(domainApiUrl).host)
    // The header loses half a second on average.
    const aheadMs = clock.localMs - (Date.parse(String(clock.date)) + 500)
    if (Number.isNaN(aheadMs)) {
      return { status: 'skip', detail: 'the Domain API’s answer has no usable Date header' }
    }
    const isTolerable = Math.abs(aheadMs) < tolerableMs
    if (isTolerable) return { status: 'ok', detail: 'within 5 s of the Domain API’s' }
    const seconds = Math.round(Math.abs(aheadMs) / 1000)
    const detail = `${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the Domain API’s`
    return { status: Math.abs(aheadMs) > harmfulMs ? 'fail' : 'warn', detail, remedy }
  },
}
