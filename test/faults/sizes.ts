/** How much a run does: all of it, or as much as a busy pipeline has time for. */

export type Size = {
  name: 'full' | 'quick'
  /** Faults of the mixed phase, over plain connections. */
  mixedFaults: number
  /** Messages to ports that never answer. */
  blackholeFaults: number
  tlsFaults: number
  lookUpFaults: number
  loginFaults: number
  idempotencyFaults: number
  /** Of the messages that the client of the package sends. */
  clientFaults: number
  leastClientSends: number
  /** Of LiveEngage, for replicas whose store fails all the while. */
  storedFaults: number
  leastStoredFaults: number
  leastStoredSends: number
  leastOutages: number
  controlFaults: number
  /** How long the breaker's upstream fails. */
  breakerFailsMs: number
  stormRequests: number
  overloadRequests: number
  stalledClients: number
  /** What they may make the proxy hold: some 15 KB for each connection, since whoever is refused while its body still comes keeps it until then. */
  mostStalledMb: number
  /** How long they stall, at most. */
  stalledMs: number
  shutdownRounds: number
  /** Of each connection on which requests are pipelined. */
  pipelinedRounds: number
  /** Messages to a process that lacks files, and as many to one whose log is on a full disk. */
  scarceSends: number
  /** Of the app that takes events. */
  notificationFaults: number
  leastNotificationFaults: number
  /** How often the proxy is killed among notifications. */
  kills: number
  /** What has to come together over all phases, lest a broken harness passes. */
  leastSends: number
  leastFaults: number
}

export const sizes: Record<Size['name'], Size> = {
  full: {
    name: 'full',
    mixedFaults: 1_600,
    blackholeFaults: 40,
    tlsFaults: 240,
    lookUpFaults: 90,
    loginFaults: 90,
    idempotencyFaults: 360,
    clientFaults: 900,
    leastClientSends: 2_000,
    storedFaults: 1_300,
    leastStoredFaults: 1_000,
    leastStoredSends: 3_000,
    leastOutages: 70,
    controlFaults: 700,
    breakerFailsMs: 8_000,
    stormRequests: 300,
    overloadRequests: 2_000,
    stalledClients: 10_000,
    mostStalledMb: 240,
    stalledMs: 8_000,
    shutdownRounds: 20,
    pipelinedRounds: 40,
    scarceSends: 4_000,
    notificationFaults: 1_040,
    leastNotificationFaults: 1_000,
    kills: 20,
    leastSends: 3_000,
    leastFaults: 1_400,
  },
  quick: {
    name: 'quick',
    mixedFaults: 260,
    blackholeFaults: 8,
    tlsFaults: 40,
    lookUpFaults: 24,
    loginFaults: 24,
    idempotencyFaults: 60,
    clientFaults: 80,
    leastClientSends: 200,
    storedFaults: 130,
    leastStoredFaults: 100,
    leastStoredSends: 300,
    leastOutages: 5,
    controlFaults: 150,
    breakerFailsMs: 3_000,
    stormRequests: 64,
    overloadRequests: 1_000,
    stalledClients: 2_000,
    mostStalledMb: 200,
    stalledMs: 5_000,
    shutdownRounds: 3,
    pipelinedRounds: 6,
    scarceSends: 800,
    notificationFaults: 192,
    leastNotificationFaults: 180,
    kills: 2,
    leastSends: 600,
    leastFaults: 300,
  },
}
