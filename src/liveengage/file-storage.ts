/** Uploads files to LiveEngage's storage and downloads them, with URLs that are valid for a minute. */
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { isProblem, Problem } from '../problems/problem.ts'
import { beforeDeadline } from '../transport/deadline.ts'
import { type Download, download } from '../transport/download.ts'
import { exchange } from '../transport/exchange.ts'
import type { Host } from '../transport/host.ts'
import type { Hosts } from '../transport/hosts.ts'
import type { CallContext } from './caller.ts'
import type { Client } from './client.ts'
import type { Domains } from './domains.ts'
import { TemporaryUrl } from './protocol/answers.ts'
import type { GenerateUrlForUploadFile } from './protocol/commands.ts'
import { resend } from './retry-policy.ts'
import { retrieval, upload } from './upstreams.ts'

export type FileStorageOptions = { client: Client; hosts: Hosts; domains: Domains }

const temporaryUrl = TypeCompiler.Compile(TemporaryUrl)

export class FileStorage {
  private readonly options: FileStorageOptions

  constructor(options: FileStorageOptions) {
    this.options = options
  }

  /**
   * Stores a file. @returns its relativePath
   * @throws Problem that is always `not-sent`: nothing has been published
   */
  async put(
    file: Buffer,
    command: GenerateUrlForUploadFile,
    context: CallContext,
  ): Promise<string> {
    const { body } = await this.options.client.send(command, context).catch((error) => {
      throw asNotSent(error)
    })
    if (!temporaryUrl.Check(body)) {
      throw new Problem('storage-failed', { detail: 'LiveEngage gave no URL to upload to.' })
    }
    // No tokens: the URL itself is the permission. Source: examples page, file sharing.
    const request = { method: 'PUT', path: pathOf(body), headers: {}, body: file } as const
    const attempt = (host: Host) => exchange(host, request, context.terms, upload)
    const { status } = await this.deliver(attempt, context).catch((error) => {
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
  async get(relativePath: string, context: CallContext): Promise<Download> {
    const { body: url } = await this.options.client.send(askForDownload(relativePath), context)
    if (!temporaryUrl.Check(url)) {
      throw new Problem('liveengage-failed', { detail: 'LiveEngage gave no URL to download from.' })
    }
    const attempt = (host: Host) => download(host, pathOf(url), context.terms, retrieval)
    const opened = await this.deliver(attempt, context)
    if (opened.status === 200) return opened
    opened.body.destroy()
    if (opened.status === 404) throw new Problem('file-not-found')
    throw new Problem('liveengage-failed', { detail: `The storage answered ${opened.status}.` })
  }

  /** Looks the host up again and tries once more if nothing could be written. */
  private async deliver<T>(
    attempt: (host: Host) => Promise<T>,
    { caller, terms }: CallContext,
  ): Promise<T> {
    const { hosts, domains } = this.options
    const { accountId } = caller
    const { deadline, trace } = terms
    const origin =
      domains.cached(accountId, 'swift') ??
      (await beforeDeadline(domains.find(accountId, 'swift', trace), deadline))
    const host = hosts.at(origin)
    host.retryBudget.requests += 1
    return attempt(host).catch((error) =>
      resend(error, {
        attempt: (at) => attempt(hosts.at(at)),
        origin,
        deadline,
        recheck: (failed) => domains.recheck(accountId, 'swift', failed, trace),
        budget: host.retryBudget,
        statistics: hosts.statistics,
      }),
    )
  }
}

export function askForDownload(relativePath: string) {
  return { type: 'ms.GenerateURLForDownloadFile', body: { relativePath } } as const
}

function pathOf({ relativePath, queryParams }: TemporaryUrl): string {
  const { temp_url_sig, temp_url_expires } = queryParams
  return `${relativePath}?${new URLSearchParams({ temp_url_sig, temp_url_expires })}`
}

/** Whatever the outcome of asking for a URL, the message itself was not published. */
function asNotSent(error: unknown): unknown {
  if (!(error instanceof Problem) || error.delivery === 'not-sent') return error
  const { liveengage } = error.options
  return new Problem('storage-failed', {
    detail: 'LiveEngage failed when asked for a URL to upload to.',
    cause: error,
    ...(liveengage !== undefined && { liveengage }),
  })
}
