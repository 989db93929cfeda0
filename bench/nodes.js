/** What a SEND costs, and how start and memory are, on other versions of Node.js: each program in turns with the others. */
import { bareFastify, floor, subject, underNode } from './candidates.js'
import { measureStart } from './startup.js'
import { summarize } from './summary.js'
import { measureThroughput } from './throughput.js'

/**
 * @param programs paths of `node` programs, beside the one that runs this
 * @returns throughput, each candidate beside the floor on its own Node.js, and start
 */
export async function measureNodes(programs, bench, { pace, say }) {
  const under = (candidate) => programs.map((program) => underNode(candidate, program))
  const candidates = [floor, bareFastify, subject].flatMap((candidate) => [
    candidate,
    ...under(candidate),
  ])
  const slices = await measureThroughput(candidates, bench, { pace, say, budgetMs: pace.budgetMs })
  const ownFloor = ({ node }) => (node === undefined ? floor.name : `${floor.name}, ${node}`)
  return {
    pace,
    ...summarize(candidates, slices, ownFloor),
    start: await measureStart([subject, ...under(subject)], bench, { say }),
  }
}
