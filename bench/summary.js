/** From slices to figures: the clean slices, and ratios to the floor inside a round. */
import { cleanest, cleanShare } from './foreign.js'
import { groupBy, mean, median, spread } from './statistics.js'

/** @returns a row for each candidate, and how noisy it was */
export function summarize(candidates, slices) {
  const floors = floorOfRounds(slices.filter(({ name }) => name === 'floor'))
  const rows = candidates.map(({ name, title, kind }) => {
    const own = slices.filter((slice) => slice.name === name)
    return { name, title, kind, ...summarizeOne(own, floors) }
  })
  return { rows, noise: describeNoise(slices) }
}

const roundOf = ({ block, round }) => `${block}/${round}`

function floorOfRounds(slices) {
  const rounds = groupBy(slices, roundOf)
  return new Map(
    [...rounds].map(([round, own]) => {
      const kept = cleanest(own)
      const foreign = Math.max(...kept.map((slice) => slice.foreign))
      return [round, { micros: mean(kept.map(({ micros }) => micros)), foreign }]
    }),
  )
}

/** A slice with the floor of its round: as clean as the less clean of the two. */
function pairWithFloor(slice, floors) {
  const floor = floors.get(roundOf(slice))
  const foreign = Math.max(slice.foreign, floor.foreign)
  return { ...slice, foreign, floorMicros: floor.micros }
}

function summarizeOne(slices, floors) {
  const pairs = slices.map((slice) => pairWithFloor(slice, floors))
  const kept = cleanest(pairs)
  return {
    micros: spread(kept.map(({ micros }) => micros)),
    // More than 1 is cheaper than the floor.
    ratio: spread(kept.map(({ floorMicros, micros }) => floorMicros / micros)),
    perSecond: median(kept.map(({ perSecond }) => perSecond)),
    p99Ms: median(kept.map(({ p99Ms }) => p99Ms)),
    busy: median(kept.map(({ busy }) => busy)),
    residentMb: Math.max(...slices.map(({ residentMb }) => residentMb)),
    broken: slices.reduce((sum, { broken }) => sum + broken, 0),
    slices: slices.length,
    kept: kept.length,
    clean: pairs.filter(({ foreign }) => foreign <= cleanShare).length,
  }
}

/** How far the floor is from itself inside a round: what no difference between candidates may be believed below. */
function describeNoise(slices) {
  const rounds = groupBy(
    slices.filter(({ name }) => name === 'floor'),
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
