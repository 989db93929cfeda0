import { ConfigError } from './config.ts'
import { unknownVariables } from './unknown-variables.ts'

/** Why the program did not start, for whoever started it. */
export function explainFailure(error: NodeJS.ErrnoException, env: NodeJS.ProcessEnv): string {
  const hint =
    error.code === 'EADDRINUSE' ? ' (PORT, ADMIN_PORT, or SANDBOX_PORT for the sandbox)' : ''
  const unknown = error instanceof ConfigError ? unknownVariables(env) : []
  const also = unknown.map((variable) => `\n  not known here: ${variable}`).join('')
  return `${error.message}${hint}${also}`
}
