/**
 * The two parts of undici that are used here, typed as its entry types them. The entry also loads fetch, WebSocket, caches and mocks,
 * which cost 7 MB and a tenth of the start. A test compares the parts with it.
 */
declare module 'undici/lib/dispatcher/pool.js' {
  export { Pool as default } from 'undici'
}
declare module 'undici/lib/core/connect.js' {
  export { buildConnector as default } from 'undici'
}
