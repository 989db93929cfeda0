/** From slices to figures: the clean slices, and ratios to the two references inside a round. */
import { bareFastify, floor } from './candidates.js'
import { cleanest, cleanShare } from './foreign.js'
import { groupBy, mean, median, spread } from './statistics.js'

/**
 * @param secondOf the name of the second reference of a candidate: bare Fastify, if not said otherwise
 * @returns a row for each candidate, and how noisy it was
 */
export function summarize(candidates, slices, secondOf = () => bareFastify.name) {
  const floors = costOfRounds(slices, floor.name)
  const rows = candidates.map((candidate) => {
    const { name, title, kind } = candidate
    const own = slices.filter((slice) => slice.name === name)
    const seconds = costOfRounds(slices, secondOf(candidate))
    const toSecond = seconds.size === 0 ? {} : { toSecond: ratiosTo(own, seconds) }
    return { name, title, kind, ...summarizeOne(own, floors), ...toSecond }
  })
  return { rows, noise: describeNoise(slices) }
}

const roundOf = ({ block, round }) => `${block}/${round}`

/** What a reference cost in each round. */
function costOfRounds(slices, name) {
  const rounds = groupBy(
    slices.filter((slice) => slice.name === name),
    roundOf,
  )
  return new Map(
    [...rounds].map(([round, own]) => {
      const kept = cleanest(own)
      const foreign = Math.max(...kept.map((slice) => slice.foreign))
      return [round, { micros: mean(kept.map(({ micros }) => micros)), foreign }]
    }),
  )
}

/** A slice with the reference of its round: as clean as the less clean of the two. */
function pairWith(slice, costs) {
  const reference = costs.get(roundOf(slice))
  const foreign = Math.max(slice.foreign, reference.foreign)
  return { ...slice, foreign, referenceMicros: reference.micros }
}

/** More than 1 is cheaper than the reference. */
function ratiosTo(slices, costs) {
  const kept = cleanest(slices.map((slice) => pairWith(slice, costs)))
  return spread(kept.map(({ referenceMicros, micros }) => referenceMicros / micros))
}

function summarizeOne(slices, floors) {
  const pairs = slices.map((slice) => pairWith(slice, floors))
  const kept = cleanest(pairs)
  return {
    micros: spread(kept.map(({ micros }) => micros)),
    ratio: ratiosTo(slices, floors),
    perSecond: median(kept.map(({ perSecond }) => perSecond)),
    busy: median(kept.map(({ busy }) => busy)),
    residentMb: Math.max(...slices.map(({ residentMb }) => residentMb)),
    slices: slices.length,
    kept: kept.length,
    clean: pairs.filter(({ foreign }) => foreign <= cleanShare).length,
  }
}

/** How far the floor is from itself inside a round: what no difference between candidates may be believed below. */
function describeNoise(slices) {
  const rounds = groupBy(
    slices.filter(({ name }) => name === floor.name),
    roundOf,
  )
  const apart = [...rounds.values()]
    .map((own) => own.map(({ micros }) => micros))
    .filter((own) => own.length > 1)
    .map((own) => Math.max(...own) / Math.min(...own) - 1)
  return {
    floorApart: apart.length === 0 ? null : median(apart),
    foreign: median(slices.map(({ foreign }) => foreign)),
    dirty: slices.filter(({ foreign }) => foreign > cleanShare).length / slices.length,
  }
}
