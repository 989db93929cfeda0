/** What a notification costs: small and large ones, each slice beside one of SENDs. */
import { receiver, subject } from './candidates.js'
import { cleanest } from './foreign.js'
import { startInstance, warm } from './instance.js'
import { measureSlice } from './slices.js'
import { median } from './statistics.js'
import { loadConnections } from './throughput.js'
import { startUpstream } from './upstream.js'

/** More than LivePerson is known to send. */
const largeCharacters = 200_000

/** @param pace rounds and their times, as `paceOf` in options.js makes it */
export async function measureWebhooks(bench, pace, say) {
  const upstream = await startUpstream({ ...bench, core: bench.cores.load })
  const withUpstream = { ...bench, upstream }
  const load = { ...pace, connections: loadConnections }
  const startWarm = async (candidate, changes) => {
    say(`warming ${candidate.name} ${changes === undefined ? '' : 'with 200 KB'}`)
    const instance = await startInstance(candidate, withUpstream, changes)
    await warm(instance, withUpstream, load)
    return instance
  }
  const send = await startWarm(subject)
  const small = await startWarm(receiver)
  const large = await startWarm(receiver, { text: 'x'.repeat(largeCharacters) })
  const pairs = { small: [], large: [] }
  for (let round = 0; round < pace.rounds * pace.blocks; round += 1) {
    say(`round ${round + 1} of ${pace.rounds * pace.blocks}`)
    for (const [name, instance] of Object.entries({ small, large })) {
      const beside = await measureSlice(send, withUpstream, load)
      const slice = await measureSlice(instance, withUpstream, load)
      const foreign = Math.max(slice.foreign, beside.foreign)
      pairs[name].push({ ...slice, foreign, sendMicros: beside.micros })
    }
  }
  for (const instance of [send, small, large]) await instance.close()
  await upstream.close()
  return {
    rows: [
      summarize('notification of a text', pairs.small),
      summarize('notification of 200 KB', pairs.large),
    ],
  }
}

function summarize(name, pairs) {
  const kept = cleanest(pairs)
  const medianOf = (read) => median(kept.map(read))
  return {
    name,
    micros: medianOf(({ micros }) => micros),
    sendMicros: medianOf(({ sendMicros }) => sendMicros),
    ratio: medianOf(({ micros, sendMicros }) => micros / sendMicros),
    perSecond: medianOf(({ perSecond }) => perSecond),
    p99Ms: medianOf(({ p99Ms }) => p99Ms),
    residentMb: Math.max(...pairs.map(({ residentMb }) => residentMb)),
    foreign: medianOf(({ foreign }) => foreign),
  }
}
