/** Whether this machine's clock agrees with LivePerson's. */
import { readClock } from '../liveengage/probe.ts'
import { explainFailure } from './advice.ts'
import type { Check } from './check.ts'

/** The header has whole seconds, and the answer was on its way for a while; less than this says nothing. */
const tolerableMs = 5_000
/** What readers of JWTs commonly forgive; past it a good token may look expired, or a dead one good. */
const harmfulMs = 60_000

const remedy =
  'Let the machine keep its time (NTP). The proxy itself measures the life of a token by the token’s own two times; but callers that judge an AppJWT by this clock, certificates, and the times in the log go wrong.'

export const checkClock: Check = {
  name: 'clock',
  after: 'domain-api-tls',
  async examine({ config: { domainApiUrl, connectTimeoutMs, requestTimeoutMs } }) {
    const clock = await readClock(domainApiUrl, connectTimeoutMs + requestTimeoutMs)
    if ('code' in clock) return explainFailure(clock, new URL(domainApiUrl).host)
    // On average half a second is cut off the header.
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
