/** The command line: what its arguments ask for. Everything else is set by the environment. */
import { parseArgs } from 'node:util'

export type DoctorOptions = {
  /** Instead of the default account. */
  accountId: string | undefined
  /** The consumer to get a ConsumerJWS for. */
  consumerId: string | undefined
  isJson: boolean
}

export type Command =
  | { name: 'serve' | 'help' | 'version' | 'check-config' }
  | ({ name: 'doctor' } & DoctorOptions)
  /** Not understood; the sentence says why. */
  | { name: 'mistake'; sentence: string }

export const usage = `Usage: liveengage-proxy [command]

Commands:
  (none)            run the proxy
  doctor            check step by step what the proxy needs, from its environment to a token and a dry run;
                    no message is sent
    --account ID    the account to check, LP_ACCOUNT_ID by default
    --consumer ID   also get a ConsumerJWS for this consumer, whom LivePerson registers if it is new
    --json          print an array of { name, status, detail, remedy }
  --check-config    check the environment and the files it names, without a network, and say what is set
  --help, -h        print this
  --version, -v     print the version

Exit codes: 0 good, 1 something is wrong, 2 wrong usage.

Everything else is set by environment variables: README.md, "Environment", has the table, .env.example a file to start
from. SANDBOX=true runs the proxy, or the doctor, on an embedded LiveEngage, without an account.
`

const options = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
  'check-config': { type: 'boolean' },
  account: { type: 'string' },
  consumer: { type: 'string' },
  json: { type: 'boolean' },
} as const

export function readCommandLine(args: readonly string[]): Command {
  try {
    return toCommand(parse(args))
  } catch (error) {
    // Node's first sentence says what is wrong; more would be about another style of options.
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
  const { account: accountId, consumer: consumerId, json } = values
  if (more.length > 0) return mistake(`Unexpected argument '${more[0]}'`)
  if (name !== undefined && name !== 'doctor') return mistake(`Unknown command '${name}'`)
  if (name === 'doctor' && values['check-config']) {
    return mistake("'doctor' and '--check-config' are two commands")
  }
  if (name === undefined) {
    if (accountId !== undefined || consumerId !== undefined || json) {
      return mistake("'--account', '--consumer' and '--json' belong to 'doctor'")
    }
    return { name: values['check-config'] ? 'check-config' : 'serve' }
  }
  if (accountId !== undefined && !/^[A-Za-z0-9]{1,32}$/.test(accountId)) {
    return mistake("'--account' must be 1 to 32 letters and digits")
  }
  if (consumerId !== undefined && !/^[!-~]{1,256}$/.test(consumerId)) {
    return mistake("'--consumer' must be 1 to 256 visible characters")
  }
  return { name, accountId, consumerId, isJson: json === true }
}

function mistake(sentence: string): Command {
  return { name: 'mistake', sentence: `${sentence}. '--help' shows the usage.` }
}
