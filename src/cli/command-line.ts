/** Parses the command line. All other settings come from the environment. */
import { parseArgs } from 'node:util'
import { isAccountId } from '../liveengage/protocol/values.ts'

export type DoctorOptions = {
  /** The account to check; the default account if undefined. */
  accountId: string | undefined
  /** The consumer to get a ConsumerJWS for; none if undefined. */
  consumerId: string | undefined
  /** Where LivePerson reaches the webhook listener; no self-test is posted if undefined. */
  webhookUrl: string | undefined
  isJson: boolean
}

export type Command =
  | { name: 'serve' | 'help' | 'version' | 'check-config' }
  /** `isAlone`: without a proxy. */
  | { name: 'sandbox'; isAlone: boolean }
  | ({ name: 'doctor' } & DoctorOptions)
  /** Wrong usage; the sentence says why. */
  | { name: 'mistake'; sentence: string }

export const usage = `Usage: liveengage-proxy [command]

Commands:
  (none)            run the proxy
  sandbox           run the proxy with the sandbox, a simulated LiveEngage, without an account; the same as SANDBOX=true
    --only          run the sandbox alone, for a proxy that was started elsewhere
  doctor            check everything the proxy needs to send messages: environment, DNS, TLS, hosts, clock, tokens;
                    it sends no message
    --account ID    the account to check; default: LP_ACCOUNT_ID
    --consumer ID   also get a ConsumerJWS for this consumer; LivePerson registers the consumer
    --webhook-url URL  post a signed self-test to the webhook listener, as LivePerson would; your app gets none of it
    --json          print an array of { name, status, detail, remedy }
  --check-config    validate the environment and the files it names, without using the network
  --help, -h        print this help
  --version, -v     print the version

Exit codes: 0 success, 1 a check or the start failed, 2 wrong usage.

All settings are environment variables. docs/configuration.md lists them; .env.example is a file to start from.
With SANDBOX=true, the doctor checks the sandbox instead of LivePerson.
`

const options = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
  'check-config': { type: 'boolean' },
  account: { type: 'string' },
  consumer: { type: 'string' },
  'webhook-url': { type: 'string' },
  json: { type: 'boolean' },
  only: { type: 'boolean' },
} as const

export function readCommandLine(args: readonly string[]): Command {
  try {
    return toCommand(parse(args))
  } catch (error) {
    // Node's first sentence says what is wrong. The others explain another style of options.
    const [sentence = ''] = String(error)
      .replace(/^TypeError \[\w+\]: /, '')
      .split(/\.(?: |\n|$)/)
    return mistake(sentence)
  }
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options, allowPositionals: true })
}

function toCommand({ values, positionals }: ReturnType<typeof parse>): Command {
  const [name, ...more] = positionals
  if (values.help) return { name: 'help' }
  if (values.version) return { name: 'version' }
  const { account: accountId, consumer: consumerId, 'webhook-url': webhookUrl, json } = values
  if (more.length > 0) return mistake(`Unexpected argument '${more[0]}'`)
  if (name !== undefined && name !== 'doctor' && name !== 'sandbox') {
    return mistake(`Unknown command '${name}'`)
  }
  if (name !== undefined && values['check-config']) {
    return mistake(`'${name}' and '--check-config' cannot be used together`)
  }
  if (name !== 'sandbox' && values.only !== undefined) {
    return mistake("'--only' requires 'sandbox'")
  }
  if (name !== 'doctor') {
    if ([accountId, consumerId, webhookUrl, json].some((option) => option !== undefined)) {
      return mistake("'--account', '--consumer', '--webhook-url' and '--json' require 'doctor'")
    }
    if (name === 'sandbox') return { name, isAlone: values.only === true }
    return { name: values['check-config'] ? 'check-config' : 'serve' }
  }
  if (accountId !== undefined && !isAccountId(accountId)) {
    return mistake("'--account' must be 1 to 32 letters and digits")
  }
  if (consumerId !== undefined && !/^[!-~]{1,256}$/.test(consumerId)) {
    return mistake("'--consumer' must be 1 to 256 visible characters")
  }
  if (webhookUrl !== undefined && !isWebUrl(webhookUrl)) {
    return mistake("'--webhook-url' must be an http or https URL")
  }
  return { name, accountId, consumerId, webhookUrl, isJson: json === true }
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}

function mistake(sentence: string): Command {
  return { name: 'mistake', sentence: `${sentence}. Run with '--help' for usage.` }
}
