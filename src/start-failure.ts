import { ConfigError } from './config.ts'
import { unknownVariables } from './unknown-variables.ts'

/** Why the program did not start, for whoever started it. */
export function explainFailure(error: Error, env: NodeJS.ProcessEnv): string {
  const unknown = error instanceof ConfigError ? unknownVariables(env) : []
  const also = unknown.map((variable) => `\n  not known here: ${variable}`).join('')
  return `${error.message}${also}`
}
