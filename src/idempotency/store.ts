/** The port behind `Idempotency-Key`: it stores which requests are in progress, and the outcomes of finished ones. A key is a digest. */

/** An answer as it was sent. */
export type Outcome = {
  status: number
  contentType: string | undefined
  location: string | undefined
  payload: string | Uint8Array
}

/** A key that one request holds, until it settles. */
export type Lease = {
  /**
   * Called just before the first byte of what must not be sent twice. Absent if no other process could have taken the key.
   * @throws Problem `idempotency-store-unavailable`: nothing may be written
   */
  readonly write?: () => Promise<void>
  /** Ends the claim. @param outcome what the same request gets from now on; undefined frees the key for a retry */
  settle(outcome: Outcome | undefined): Promise<void>
}

export type Claim =
  /** The request may be sent; no other has the key until its lease is settled. */
  | { state: 'claimed'; lease: Lease }
  /** The same request is under way. */
  | { state: 'running' }
  /** The same request has been answered before. */
  | { state: 'known'; outcome: Outcome }
  /** The same request was sent, and its sender ended without an outcome. */
  | { state: 'lost' }
  /** Another request has the key. */
  | { state: 'reused' }

export type IdempotencyStore = {
  /** Outcomes that are kept, if the store counts them. */
  readonly size?: number
  /** Whether a request with the key is in progress, or its outcome is kept. */
  has(key: string): Promise<boolean>
  /**
   * @param fingerprint tells the request from any other under the same key
   * @param deadline of the request, on the clock of `performance.now()`, milliseconds
   * @throws Problem `idempotency-store-unavailable`
   */
  claim(key: string, fingerprint: string, deadline: number): Promise<Claim>
}
