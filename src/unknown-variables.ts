/** Variables that look like the proxy's own and are not: a misspelt name would do nothing, and say nothing. */
import { closest, distance } from 'fastest-levenshtein'
import { Environment } from './config.ts'

const known = Object.keys(Environment.properties)

/** Read by the stand-alone sandbox. */
const others = new Set(['SANDBOX_HOST'])

/** Set by Kubernetes in every pod for each Service, one whose name begins with "lp" too. Source: Kubernetes, "Service". */
const ofKubernetes = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_\w+)?)$/

/** HOST, PORT and DOCS are near to too many names of others. */
const shortestName = 6

/** Every set variable that begins with `LP_` or is nearly a known one, with the known one if one is near. Names alone, no value. */
export function unknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const names = Object.keys(env).filter((name) => env[name] !== '' && !known.includes(name))
  return names.flatMap((name) => {
    if (others.has(name) || ofKubernetes.test(name) || name.length < shortestName) return []
    const nearest = closest(name.toUpperCase(), known)
    const mistakes = distance(name.toUpperCase(), nearest)
    const isOurs = name.startsWith('LP_')
    // What begins with LP_ is meant for us; of the others only what a slip of the finger makes.
    if (mistakes <= nearest.length / (isOurs ? 3 : 6)) return [`${name} (${nearest}?)`]
    return isOurs ? [name] : []
  })
}
