/** The URL of the store that replicas share. */

/** User, password and database are optional. */
export const stateUrlPattern =
  '^rediss?://([A-Za-z0-9._~!$&()*+,;=:%-]{0,512}@)?([A-Za-z0-9._-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}\\])(:[0-9]{1,5})?(/[0-9]{0,4})?$'

/** Whether its port is one, and its user and password are UTF-8: what the pattern cannot say. */
export function isReadable(url: string): boolean {
  try {
    const { username, password } = new URL(url)
    return decodeURIComponent(username + password).length >= 0
  } catch {
    return false
  }
}
