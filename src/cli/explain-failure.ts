import { ConfigError } from '../config/config.ts'
import { unknownVariables } from '../config/unknown-variables.ts'

/** The message for a program that did not start. */
export function explainFailure(error: Error, env: NodeJS.ProcessEnv): string {
  const unknown = error instanceof ConfigError ? unknownVariables(env) : []
  const also = unknown.map((variable) => `\n  unknown variable: ${variable}`).join('')
  return `${error.message}${also}`
}
