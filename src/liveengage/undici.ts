/**
 * The two parts of undici that are used here. Its own entry also loads fetch, WebSocket, caches and mocks, which cost 7 MB and a
 * quarter of the start; a test holds these against it.
 */
import { createRequire } from 'node:module'
import type undici from 'undici'

const load = createRequire(import.meta.url)

export const Pool: typeof undici.Pool = load('undici/lib/dispatcher/pool.js')
export const buildConnector: typeof undici.buildConnector = load('undici/lib/core/connect.js')
