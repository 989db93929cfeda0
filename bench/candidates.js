/** Who is measured: how each is started and what is sent to it. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { account, clientSecret } from './requests.js'
import { nginxHttp, nginxMain } from './upstream.js'

const root = new URL('..', import.meta.url).pathname

/** @returns what `start` in processes.js takes, for a context of { port, upstream, folder, connections } */
function rival(name) {
  const file = new URL(`rivals/${name}.js`, import.meta.url).pathname
  return ({ port, upstream, connections }) => ({
    command: process.execPath,
    args: [file],
    env: {
      PORT: `${port}`,
      UPSTREAM: upstream.origin,
      CONNECTIONS: `${connections}`,
      ...trust(upstream),
    },
  })
}

/** What `npm start` gives Node.js. */
const { start } = JSON.parse(readFileSync(join(root, 'package.json'))).scripts
const flags = start.split(' ').filter((word) => word.startsWith('--'))

/** The built program, started as `npm start` does, with its defaults: all that is set says where LiveEngage is. */
function proxy(folder, more = {}) {
  return ({ port, upstream, connections, env = {} }) => ({
    command: process.execPath,
    args: [...flags, join(folder, 'dist/server.js')],
    env: {
      PORT: `${port}`,
      LP_ACCOUNT_ID: account,
      LP_DOMAIN_API_URL: upstream.directory,
      LP_ALLOWED_HOSTS: upstream.hosts,
      // 128 is the default.
      ...(connections !== 128 && { MAX_CONNECTIONS: `${connections}` }),
      ...trust(upstream),
      ...more,
      ...env,
    },
  })
}

function trust({ ca }) {
  return ca === undefined ? {} : { NODE_EXTRA_CA_CERTS: ca }
}

const credentials = { LP_CLIENT_ID: 'bench', LP_CLIENT_SECRET: clientSecret }

/** The same program; the load comes in at the port for LivePerson, and the app takes every event. */
function receiving({ port, upstream, ...context }) {
  const env = {
    ...credentials,
    WEBHOOK_PORT: `${port}`,
    EVENTS_URL: `${upstream.origin}/events`,
    EVENTS_SECRET: `whsec_${'A'.repeat(40)}`,
  }
  return proxy(root, env)({ port: 0, upstream, ...context })
}

function nginx({ port, upstream, folder, connections }) {
  const name = `rival-${port}`
  const file = join(folder, `${name}.conf`)
  const { host } = new URL(upstream.origin)
  const tls = upstream.ca && `proxy_ssl_verify on; proxy_ssl_trusted_certificate ${upstream.ca};`
  writeFileSync(
    file,
    `${nginxMain(folder, name)}
http {
  ${nginxHttp(folder)}
  upstream liveengage { server ${host}; keepalive ${connections}; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass ${upstream.scheme}://liveengage; proxy_http_version 1.1;
      proxy_set_header Connection ""; proxy_set_header Host ${host};
      ${tls ? `${tls} proxy_ssl_name localhost;` : ''}
    }
  }
}
`,
  )
  return { command: 'nginx', args: ['-c', file, '-e', 'stderr'] }
}

function haproxy({ port, upstream, folder, connections }) {
  const file = join(folder, `haproxy-${port}.cfg`)
  const { host, port: upstreamPort } = new URL(upstream.origin)
  const tls = upstream.ca && ` ssl verify required ca-file ${upstream.ca} verifyhost localhost`
  writeFileSync(
    file,
    `global
  nbthread 1
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 10s
  http-reuse always
frontend proxy
  bind 127.0.0.1:${port} backlog 4096
  default_backend liveengage
backend liveengage
  http-request set-header Host ${host}
  server one 127.0.0.1:${upstreamPort} pool-max-conn ${connections}${tls ?? ''}
`,
  )
  return { command: 'haproxy', args: ['-q', '-db', '-f', file] }
}

/** `request` is a kind of requests.js, `kind` who it is: the floor, the subject, a rival, or the limit in C. */
export const candidates = [
  {
    ...{ name: 'floor', kind: 'floor', request: 'native', inTls: true },
    title: 'the floor: node:http + undici dispatch',
    launch: rival('floor'),
  },
  {
    ...{ name: 'subject', kind: 'subject', request: 'translated', inTls: true },
    title: 'liveengage-proxy, all defaults',
    launch: proxy(root),
  },
  {
    ...{ name: 'subject-credentials', kind: 'subject', request: 'consumer' },
    title: 'liveengage-proxy, own tokens',
    launch: proxy(root, credentials),
  },
  {
    ...{ name: 'subject-native', kind: 'subject', request: 'native' },
    title: 'liveengage-proxy, native route',
    launch: proxy(root),
  },
  {
    ...{ name: 'fastify-dispatch', kind: 'rival', request: 'translated', inTls: true },
    title: 'Fastify + undici dispatch, bare',
    launch: rival('fastify-dispatch'),
  },
  {
    ...{ name: 'fastify-request', kind: 'rival', request: 'translated', inTls: true },
    title: 'Fastify + undici request, bare',
    launch: rival('fastify-request'),
  },
  {
    ...{ name: 'fastify-reply-from', kind: 'rival', request: 'translated' },
    title: '@fastify/reply-from + translation, bare',
    launch: rival('fastify-reply-from'),
  },
  {
    ...{ name: 'fastify-http-proxy', kind: 'rival', request: 'native', inTls: true },
    title: '@fastify/http-proxy, passes through',
    launch: rival('fastify-http-proxy'),
  },
  {
    ...{ name: 'fastify-full', kind: 'rival', request: 'translated', inTls: true },
    title: 'typical full service on Fastify',
    launch: rival('fastify-full'),
  },
  {
    ...{ name: 'express-http-proxy-middleware', kind: 'rival', request: 'native' },
    title: 'Express + http-proxy-middleware',
    launch: rival('express-http-proxy-middleware'),
  },
  {
    ...{ name: 'fastify-fetch', kind: 'rival', request: 'translated' },
    title: 'Fastify + fetch, bare',
    launch: rival('fastify-fetch'),
  },
  {
    ...{ name: 'express-axios', kind: 'rival', request: 'translated' },
    title: 'Express + axios, bare',
    launch: rival('express-axios'),
  },
  {
    ...{ name: 'nginx', kind: 'limit', request: 'native', program: 'nginx', inTls: true },
    title: 'nginx proxy_pass',
    launch: nginx,
  },
  {
    ...{ name: 'haproxy', kind: 'limit', request: 'native', program: 'haproxy' },
    title: 'HAProxy',
    launch: haproxy,
  },
]

export const [floor, subject, subjectWithCredentials] = candidates
/** The second reference: what Fastify itself costs, without a feature. */
export const bareFastify = candidates.find(({ name }) => name === 'fastify-dispatch')

/** The way from LivePerson to the team's app, which is no candidate for a SEND. */
export const receiver = {
  ...{ name: 'webhooks', kind: 'subject', request: 'notification' },
  title: 'liveengage-proxy, notifications',
  launch: receiving,
}

/** A candidate as another Node.js runs it. @param program path of that `node` */
export function underNode(candidate, program) {
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim()
  return {
    ...candidate,
    ...{ name: `${candidate.name}, ${version}`, node: version },
    launch: (context) => ({ ...candidate.launch(context), command: program }),
  }
}

/** Another build of the proxy, to compare two states of it. */
export function otherBuild(folder) {
  return {
    ...{ name: 'other', kind: 'subject', request: 'translated', inTls: true },
    title: `liveengage-proxy of ${folder}`,
    launch: proxy(folder),
  }
}

/** The floor first, always; then those that were chosen. @throws Error for an unknown name */
export function chooseCandidates({ only, other }) {
  const all = other === undefined ? candidates : [...candidates, otherBuild(other)]
  const unknown = only?.filter((name) => all.every((candidate) => candidate.name !== name)) ?? []
  if (unknown.length > 0) {
    const names = all.map(({ name }) => name).join(', ')
    throw new Error(`no candidate is called ${unknown.join(', ')}; there are ${names}`)
  }
  return all.filter(
    ({ name }) => only === undefined || name === 'floor' || name === 'other' || only.includes(name),
  )
}
