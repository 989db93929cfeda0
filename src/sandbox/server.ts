/** The stand-alone process: SANDBOX_HOST and SANDBOX_PORT in, one sandbox, until SIGTERM or SIGINT. */
import { isIP } from 'node:net'
import { type Sandbox, startSandbox } from './sandbox.ts'

const { SANDBOX_HOST: host = '127.0.0.1', SANDBOX_PORT: port = '3001' } = process.env

const problems = [
  ...(host === 'localhost' || isIP(host)
    ? []
    : ['SANDBOX_HOST has to be an IP address or localhost']),
  ...(/^\d{1,5}$/.test(port) && Number(port) <= 65_535
    ? []
    : ['SANDBOX_PORT has to be a whole number from 0 to 65535, 0 for any free port']),
]

function announce({ origin, accountId, clientId, clientSecret, port: actualPort }: Sandbox): void {
  process.stdout.write(`The sandbox, a LiveEngage in the box, listens on ${origin}\n`)
  process.stdout.write(
    `Point the proxy to it: LP_DOMAIN_API_URL=${origin} LP_ALLOWED_HOSTS=localhost:${actualPort} LP_ACCOUNT_ID=${accountId} LP_CLIENT_ID=${clientId} LP_CLIENT_SECRET=${clientSecret}\n`,
  )
}

function fail(messages: readonly string[]): void {
  for (const message of messages) process.stderr.write(`${message}\n`)
  process.exitCode = 1
}

if (problems.length > 0) {
  fail(problems)
} else {
  await startSandbox({ host, port: Number(port) }).then(
    (sandbox) => {
      announce(sandbox)
      // Nothing is left to wait for after that, so the process ends with 0.
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        process.once(signal, () => sandbox.close())
      }
    },
    (error: Error) => fail([`The sandbox cannot listen on ${host}:${port}: ${error.message}`]),
  )
}
