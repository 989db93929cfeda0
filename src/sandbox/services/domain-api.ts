import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Service } from '../../liveengage/protocol/values.ts'
import { undocumented } from './refusals.ts'

type Site = { Params: { account: string }; Querystring: { version?: unknown } }
type SiteService = Site & { Params: { service: string } }

/** Documented: 401 for an invalid site. Vector 52 asks for this one. */
const invalidSite = '00000000'

/** Which host serves what: always this one. Source: Domain API page. */
export function registerDomainApi(app: FastifyInstance): void {
  const config = { sandboxService: 'domain-api' }
  const services: readonly string[] = Service['enum']

  // Some clients leave `.json` out. Source: botium-connector-liveperson.
  for (const file of ['baseURI.json', 'baseURI']) {
    app.get<Site>(`/api/account/:account/service/${file}`, { config }, async (request) => {
      checkSite(request.params.account, request.query.version)
      return { baseURIs: services.map((service) => baseUri(request, service)) }
    })

    // LivePerson's page prints a list here, its clients read one bare object.
    app.get<SiteService>(
      `/api/account/:account/service/:service/${file}`,
      { config },
      async (request) => {
        checkSite(request.params.account, request.query.version)
        if (!services.includes(request.params.service)) throw undocumented(404, 'no such service')
        return baseUri(request, request.params.service)
      },
    )
  }
}

function checkSite(account: string, version: unknown): void {
  if (version !== '1.0') throw undocumented(400, 'version has to be 1.0')
  if (!/^[A-Za-z0-9]{1,32}$/.test(account)) throw undocumented(400, 'this is no account id')
  if (account === invalidSite) throw undocumented(401, 'invalid site or agent')
}

/** A bare host, without scheme and path. */
function baseUri(request: FastifyRequest<Site>, service: string) {
  const { account } = request.params
  return { service, account, baseURI: `localhost:${request.socket.localPort}` }
}
