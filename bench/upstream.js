/** LiveEngage for the benchmark: nginx with fixed answers, on the load's core. Two of them, so that the SENDs are counted alone. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, start, stop } from './processes.js'
import { appJwt, consumerJws } from './requests.js'

/** Without `reqId`, which nginx cannot echo and nobody has to send. */
export const sendAnswer = '{"code":"OK","body":{"sequence":17}}'

/**
 * @param certificates for a TLS upstream, undefined for a plain one
 * @returns `origin` of the messaging host, `directory` of the Domain API, and what they have counted
 */
export async function startUpstream({ core, folder, certificates }) {
  const scheme = certificates === undefined ? 'http' : 'https'
  const ports = { messaging: await freePort(), directory: await freePort() }
  const messaging = await startNginx({
    ...{ core, folder, certificates, name: `messaging-${scheme}`, port: ports.messaging },
    locations: `
    location ~ /messaging/consumer/conversation/send$ { return 200 '${sendAnswer}'; }
    location = /events { client_max_body_size 2m; return 204; }`,
  })
  const directory = await startNginx({
    ...{ core, folder, certificates, name: `directory-${scheme}`, port: ports.directory },
    locations: directoryLocations(ports),
  })
  return {
    scheme,
    ca: certificates?.ca,
    origin: `${scheme}://localhost:${ports.messaging}`,
    directory: `${scheme}://localhost:${ports.directory}`,
    hosts: `localhost:${ports.messaging},localhost:${ports.directory}`,
    pids: [messaging.child.pid, directory.child.pid],
    sends: messaging.count,
    lookUps: directory.count,
    close: () => Promise.all([stop(messaging.child), stop(directory.child)]),
  }
}

function directoryLocations({ messaging, directory }) {
  const baseUri = (service, port) =>
    `location ~ ^/api/account/([^/]+)/service/(${service})/baseURI\\.json$ {
      return 200 '{"service":"$2","account":"$1","baseURI":"localhost:${port}"}';
    }`
  return `
    ${baseUri('asyncMessagingEnt', messaging)}
    ${baseUri('sentinel|idp', directory)}
    location /sentinel/ { return 200 '{"access_token":"${appJwt}","token_type":"Bearer"}'; }
    location ~ ^/api/account/[^/]+/consumer$ { return 201 '{"token":"${consumerJws}"}'; }`
}

async function startNginx({ core, folder, certificates, name, port, locations }) {
  const statusPort = await freePort()
  const file = join(folder, `${name}.conf`)
  writeFileSync(file, toConfig({ folder, name, port, statusPort, certificates, locations }))
  const child = start(core, 'nginx', ['-c', file, '-e', 'stderr'])
  const count = () => readCount(statusPort)
  for (let attempt = 0; ; attempt += 1) {
    const answered = await count().catch(() => undefined)
    if (answered !== undefined) return { child, count }
    if (attempt === 100) throw new Error(`${name}: nginx did not start`)
    await sleep(50)
  }
}

/** One process, so that one id has all its CPU time. */
export function nginxMain(folder, name) {
  return `daemon off; master_process off; worker_processes 1; pid ${folder}/${name}.pid;
error_log stderr crit;
events { worker_connections 8192; }`
}

/** Folders of its own: nobody else's nginx is touched. */
export function nginxHttp(folder) {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `access_log off; default_type application/json; client_header_buffer_size 4k;
  keepalive_timeout 600s; keepalive_requests 1000000000;
  ${paths.map((path) => `${path}_temp_path ${folder}/${path};`).join(' ')}`
}

function toConfig({ folder, name, port, statusPort, certificates, locations }) {
  const { certificate, key } = certificates ?? {}
  const tls = certificates && `ssl_certificate ${certificate}; ssl_certificate_key ${key};`
  return `${nginxMain(folder, name)}
http {
  ${nginxHttp(folder)}
  server {
    listen 127.0.0.1:${port} backlog=4096${tls ? ' ssl' : ''};
    ${tls ?? ''}
    ${locations}
  }
  server {
    listen 127.0.0.1:${statusPort};
    location / { stub_status; }
  }
}
`
}

/** Requests so far: the third number of nginx's "accepts handled requests". */
async function readCount(statusPort) {
  const answer = await fetch(`http://127.0.0.1:${statusPort}/`)
  return Number(/^ \d+ \d+ (\d+) $/m.exec(await answer.text())[1])
}
