/** The stand-alone process: a sandbox as its SANDBOX_ variables say, until SIGTERM or SIGINT. */
import { isIP } from 'node:net'
import { loopbackAddress } from './loopback.ts'
import { type LogLine, type Sandbox, startSandbox } from './sandbox.ts'

const {
  SANDBOX_HOST: host = loopbackAddress(),
  SANDBOX_PORT: port = '3001',
  SANDBOX_STRICT: strict = 'false',
  SANDBOX_TLS: tls = 'false',
  SANDBOX_WEBHOOK_URL: webhookUrl,
} = process.env

const flags = { SANDBOX_STRICT: strict, SANDBOX_TLS: tls }
const problems = [
  ...(host === 'localhost' || isIP(host) !== 0
    ? []
    : ['SANDBOX_HOST has to be an IP address or localhost']),
  ...(/^\d{1,5}$/.test(port) && Number(port) <= 65_535
    ? []
    : ['SANDBOX_PORT has to be a whole number from 0 to 65535, 0 for any free port']),
  ...Object.entries(flags)
    .filter(([, value]) => value !== 'true' && value !== 'false')
    .map(([name]) => `${name} has to be true or false`),
  ...(webhookUrl === undefined || (URL.canParse(webhookUrl) && /^https?:/.test(webhookUrl))
    ? []
    : ['SANDBOX_WEBHOOK_URL has to be an http or https URL']),
]

// It goes on when the reader of its output ends.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function announce(sandbox: Sandbox): void {
  const { origin, proxyEnv, certificate } = sandbox
  const variables = Object.entries(proxyEnv).map((pair) => pair.join('='))
  print(`The sandbox, a LiveEngage in the box, listens on ${origin}`)
  print(`Point the proxy to it: ${variables.join(' ')}`)
  print(`Play the agent: open ${origin} in a browser, or see ${origin}/sandbox/docs`)
  print(
    webhookUrl === undefined
      ? 'Notifications are shown there, and sent to SANDBOX_WEBHOOK_URL where it is set'
      : `Notifications go to ${webhookUrl}`,
  )
  if (certificate !== undefined) print(`Its certificate, to be trusted:\n${certificate}`)
}

/** Why a call was refused, or what was remarked on it. */
function printLine({ event, service, text }: LogLine): void {
  print(`${event} ${service}: ${text}`)
}

function fail(messages: readonly string[]): void {
  for (const message of messages) process.stderr.write(`${message}\n`)
  process.exitCode = 1
}

if (problems.length > 0) {
  fail(problems)
} else {
  await startSandbox({
    host,
    port: Number(port),
    strict: strict === 'true',
    tls: tls === 'true',
    webhookUrl,
    log: printLine,
  }).then(
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
