import { ConfigError, loadConfig } from '../../src/config/config.ts'

/** The faults of an environment, none where it is valid. */
export function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.faults
  }
}
