/** The command line. */
import { parseArgs } from 'node:util'

export const usage = `npm run bench -- [options]

  (none)          throughput, with a plain and with a TLS upstream; 10 minutes at most
  --quick         a first look: fewer and shorter slices, plain upstream; 2 minutes at most
  --tls           throughput with a TLS upstream alone
  --latency       added latency at an open-loop rate, steady and after pauses, with a plain and with a TLS upstream
  --growth        cost as connections, conversations, texts, accounts and consumers grow
  --million       memory over 1,000,000 requests in a row
  --webhooks      a notification's cost, beside a SEND's, and with 200 KB
  --store         an Idempotency-Key's cost, in memory and in a Redis, and the store's round trips
  --nodes a,b     cost, start and memory on these programs \`node\` as well
  --profile       where the CPU time goes, by room of the program, package and part of Node
  --start         time to ready, memory idle and loaded

  --only a,b      these candidates (the floor is always there), or these parts of --growth
  --other DIR     another checkout of the proxy, built, as one more candidate: "other"
  --rounds N      rounds a block
  --blocks N      blocks, each with fresh processes
  --cores A,B     core of the candidate, core of upstream and load (0,1)
  --json FILE     where the result goes (bench/results/<time>.json)
  --publish       put the result into bench/results.json and draw the chart from it
  --list          the candidates
`

const flags = { type: 'boolean', default: false }

/** @throws TypeError for an unknown option */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      quick: flags,
      tls: flags,
      latency: flags,
      growth: flags,
      million: flags,
      start: flags,
      profile: flags,
      webhooks: flags,
      store: flags,
      nodes: { type: 'string' },
      publish: flags,
      list: flags,
      help: flags,
      only: { type: 'string' },
      other: { type: 'string' },
      rounds: { type: 'string' },
      blocks: { type: 'string' },
      cores: { type: 'string', default: '0,1' },
      json: { type: 'string' },
    },
  })
  const [candidateCore, loadCore] = values.cores.split(',').map(Number)
  return {
    ...values,
    only: values.only?.split(','),
    nodes: values.nodes?.split(','),
    cores: { candidate: candidateCore, load: loadCore },
    pace: paceOf(values),
  }
}

/** How much is measured. Times in milliseconds; `budgetMs` ends the rounds of one kind of upstream, whatever is left. */
function paceOf({ quick, rounds, blocks }) {
  const pace = quick
    ? { blocks: 1, rounds: 4, turns: 6, warmRequests: 10_000, warmMs: 3_000 }
    : { blocks: 2, rounds: 4, turns: 10, warmRequests: 50_000, warmMs: 10_000 }
  return {
    ...pace,
    settleMs: quick ? 250 : 1_000,
    sliceMs: quick ? 500 : 900,
    ...(rounds !== undefined && { rounds: Number(rounds) }),
    ...(blocks !== undefined && { blocks: Number(blocks) }),
    budgetMs: quick ? 95_000 : 360_000,
    tlsBudgetMs: 170_000,
  }
}
