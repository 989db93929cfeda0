/** LivePerson's own id of the consumer, which notifications use. Source: Authorization page. */
import { decodeJwt } from 'jose/jwt/decode'

/** @returns the claim `lp_consumer_id` of a ConsumerJWS; undefined if it has none, or is no JWT */
export function readConsumerId(consumerJws: string): string | undefined {
  try {
    const { lp_consumer_id: consumerId } = decodeJwt(consumerJws)
    return typeof consumerId === 'string' && consumerId !== '' ? consumerId : undefined
  } catch {
    return undefined
  }
}
