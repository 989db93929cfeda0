/** Puts files into LiveEngage's storage and gets them out, by URLs that LiveEngage gives for a minute. */
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { isProblem, Problem } from '../problems.ts'
import type { Caller, Client } from './client.ts'
import type { Connections } from './connections.ts'
import { beforeDeadline } from './deadline.ts'
import { type Attempt, deliver } from './delivery.ts'
import type { Peer } from './destination.ts'
import type { Domains } from './domains.ts'
import { type Download, download } from './download.ts'
import { exchange } from './exchange.ts'
import type { Terms } from './gate.ts'
import { type GenerateUrlForUploadFile, TemporaryUrl } from './protocol.ts'

export type StorageOptions = { client: Client; connections: Connections; domains: Domains }

const temporaryUrl = TypeCompiler.Compile(TemporaryUrl)

/** An upload publishes nothing, so that every failure of it is `not-sent`. */
const upload: Peer = {
  service: 'storage',
  unreachable: 'liveengage-unreachable',
  expired: 'deadline-exceeded',
  failed: 'storage-failed',
  timeout: 'storage-failed',
  overloaded: 'overloaded',
  open: 'circuit-open',
}

const retrieval: Peer = { ...upload, failed: 'liveengage-failed', timeout: 'liveengage-timeout' }

export class Storage {
  private readonly options: StorageOptions

  constructor(options: StorageOptions) {
    this.options = options
  }

  /**
   * Stores a file. @returns its relativePath
   * @throws Problem that is always `not-sent`: nothing has been published
   */
  async put(
    file: Buffer,
    command: GenerateUrlForUploadFile,
    caller: Caller,
    terms: Terms,
  ): Promise<string> {
    const { client, connections } = this.options
    const { body } = await client.send(command, caller, terms).catch((error) => {
      throw asNotSent(error)
    })
    if (!temporaryUrl.Check(body)) {
      throw new Problem('storage-failed', { detail: 'LiveEngage gave no URL to upload to.' })
    }
    // No tokens: the URL itself is the permission. Source: examples page, file sharing.
    const call = { method: 'PUT', path: pathOf(body), headers: {}, body: file } as const
    const attempt = (origin: string) => exchange(connections.to(origin), call, terms, upload)
    const { status } = await this.deliver(attempt, caller, terms.deadline).catch((error) => {
      throw isProblem(error, 'liveengage-unreachable')
        ? new Problem('storage-failed', { cause: error.cause })
        : error
    })
    if (status < 200 || status > 299) {
      throw new Problem('storage-failed', { detail: `The storage answered ${status}.` })
    }
    return body.relativePath
  }

  /**
   * Opens a file for reading.
   * @throws Problem `file-not-found`, or what the look-up of its URL or the download failed with
   */
  async get(relativePath: string, caller: Caller, terms: Terms): Promise<Download> {
    const { client, connections } = this.options
    const { body: url } = await client.send(askForDownload(relativePath), caller, terms)
    if (!temporaryUrl.Check(url)) {
      throw new Problem('liveengage-failed', { detail: 'LiveEngage gave no URL to download from.' })
    }
    const attempt = (origin: string) =>
      download(connections.to(origin), pathOf(url), terms, retrieval)
    const opened = await this.deliver(attempt, caller, terms.deadline)
    if (opened.status === 200) return opened
    opened.body.destroy()
    if (opened.status === 404) throw new Problem('file-not-found')
    throw new Problem('liveengage-failed', { detail: `The storage answered ${opened.status}.` })
  }

  /** Looks the host up again and tries once more where nothing could be written. */
  private async deliver<T>(attempt: Attempt<T>, caller: Caller, deadline: number): Promise<T> {
    const { connections, domains } = this.options
    const { accountId } = caller
    const origin =
      domains.known(accountId, 'swift') ??
      (await beforeDeadline(domains.find(accountId, 'swift'), deadline))
    const route = {
      origin,
      recheck: (failed: string) => domains.recheck(accountId, 'swift', failed),
      budget: connections.to(origin).retryBudget,
    }
    return deliver(attempt, route, deadline)
  }
}

export function askForDownload(relativePath: string) {
  return { type: 'ms.GenerateURLForDownloadFile', body: { relativePath } } as const
}

function pathOf({ relativePath, queryParams }: TemporaryUrl): string {
  const { temp_url_sig, temp_url_expires } = queryParams
  return `${relativePath}?${new URLSearchParams({ temp_url_sig, temp_url_expires })}`
}

/** Whatever became of the question for a URL, the message itself was not published. */
function asNotSent(error: unknown): unknown {
  if (!(error instanceof Problem) || error.delivery === 'not-sent') return error
  const { liveengage } = error.options
  return new Problem('storage-failed', {
    detail: 'LiveEngage failed when asked for a URL to upload to.',
    cause: error,
    ...(liveengage !== undefined && { liveengage }),
  })
}
