/** The ways to authenticate, each with or without a key of the proxy. */

export const securitySchemes = {
  AppJWT: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The AppJWT from Sentinel, with or without `Bearer ` before it',
  },
  ConsumerJWS: {
    type: 'apiKey',
    in: 'header',
    name: 'X-LP-ON-BEHALF',
    description: 'The ConsumerJWS from IDP',
  },
  ConsumerId: {
    type: 'apiKey',
    in: 'header',
    name: 'X-LP-Consumer-Id',
    description:
      'Your own id of the consumer: 1 to 256 visible characters. The proxy must have credentials for the account',
  },
  ApiKey: {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description: 'A key of the proxy, if API_KEYS is set',
  },
} as const

/** The tokens that a caller may bring; the proxy gets the others by itself. The recommended way first: generators take that one. */
const tokenWays = [
  { ConsumerId: [] },
  { AppJWT: [], ConsumerJWS: [] },
  { AppJWT: [], ConsumerId: [] },
  { ConsumerJWS: [] },
]

export const security = tokenWays.flatMap((way) => [way, { ...way, ApiKey: [] }])
