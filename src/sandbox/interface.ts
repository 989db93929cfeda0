/** What `startSandbox` takes and gives. It imports nothing, so a compiler of an app's tests reads this file alone. */

/** One line for the developer: what was refused or remarked on. It has no token and no message. */
export type LogLine = { event: 'refused' | 'remark'; service: string; text: string }

/** One call as it arrived. `body` is parsed JSON, else text; undefined if there was none or it was too large. */
export type ReceivedCall = {
  method: string
  url: string
  headers: Record<string, string | string[] | undefined>
  body: unknown
  /** Milliseconds since 1970. */
  receivedAt: number
}

/** Calls back after so many milliseconds. @returns takes it back */
export type Schedule = (callback: () => void, ms: number) => () => void

export type SandboxOptions = {
  /** Where to listen; the machine's loopback address unless given. */
  host?: string
  /** Any free one unless given. */
  port?: number
  clientId?: string
  clientSecret?: string
  /** How long an AppJWT lives; LivePerson's hour unless given. */
  appJwtLifeSeconds?: number
  /** How long an upload or download URL lives; LivePerson's minute unless given. */
  temporaryUrlLifeSeconds?: number
  /** Refuse what is not documented, instead of accepting it with a remark. */
  strict?: boolean
  /** Where notifications go: the app's endpoint, or the proxy's webhook listener. Nowhere by default. */
  webhookUrl?: string | undefined
  /** `true`: https with a certificate of its own; or a key and a certificate as PEM. */
  tls?: boolean | { key: string; cert: string }
  /** Told of each refusal and remark. */
  log?: (line: LogLine) => void
  /** The clock of the sandbox, in milliseconds. */
  now?: () => number
  /** What waits: the pauses between deliveries, and their time-outs. */
  schedule?: Schedule
}

export type Sandbox = {
  /** `http://localhost:<port>`: the Domain API to give to the proxy, the agent's API, and the desk for a browser. */
  origin: string
  port: number
  /** Where it listens. */
  host: string
  /** An account for those who have none; the sandbox takes any. */
  accountId: string
  clientId: string
  clientSecret: string
  /** The variables that point a proxy to it. */
  proxyEnv: Record<string, string>
  /** The certificate to trust, if the sandbox uses TLS. */
  certificate: string | undefined
  /** Every call that arrived, refused ones too: the newest 10,000, oldest first. */
  calls: () => readonly ReceivedCall[]
  /** From now on this AppJWT or ConsumerJWS is invalid. */
  revoke: (token: string) => void
  /** Where notifications go from now on; undefined: nowhere. */
  setWebhookUrl: (url: string | undefined) => void
  /** Where the proxy in front of it is, for the commands that the desk shows; `http://127.0.0.1:3000` unless told. */
  setProxyUrl: (url: string) => void
  /** Ends every connection at once, answered or not. */
  close: () => Promise<void>
}
