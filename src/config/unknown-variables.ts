/** Finds misspelt variables, which would otherwise be silently ignored. */
import { closest, distance } from 'fastest-levenshtein'
import { Environment } from './environment.ts'

const known = Object.keys(Environment.properties)

/** Read by the stand-alone sandbox. */
const others = new Set(['SANDBOX_HOST', 'SANDBOX_TLS'])

/** Kubernetes sets these in every pod for each Service, and a Service may be called "lp". Source: Kubernetes, "Service". */
const ofKubernetes = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_\w+)?)$/

/** Too many other names are near HOST, PORT and DOCS. */
const shortestName = 6

/** The names of unknown variables that begin with `LP_` or are close to a known name, each with the known name if one is close. */
export function unknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const names = Object.keys(env).filter((name) => env[name] !== '' && !known.includes(name))
  return names.flatMap((name) => {
    if (others.has(name) || ofKubernetes.test(name) || name.length < shortestName) return []
    const nearest = closest(name.toUpperCase(), known)
    const mistakes = distance(name.toUpperCase(), nearest)
    const isOurs = name.startsWith('LP_')
    // A name that begins with LP_ is meant for the proxy. Others must be one or two letters away from a known name.
    if (mistakes <= nearest.length / (isOurs ? 3 : 6)) return [`${name} (${nearest}?)`]
    return isOurs ? [name] : []
  })
}
