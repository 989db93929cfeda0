/** Puts files into LiveEngage's storage and gets them out, by URLs that LiveEngage gives for a minute. */
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { Dispatcher } from 'undici'
import { Problem } from '../problems.ts'
import type { Caller, Client } from './client.ts'
import type { Connections } from './connections.ts'
import { beforeDeadline } from './deadline.ts'
import type { Domains } from './domains.ts'
import { exchange, type FailureCodes } from './exchange.ts'
import { type GenerateUrlForUploadFile, TemporaryUrl } from './protocol.ts'

export type StorageOptions = { client: Client; connections: Connections; domains: Domains }

const temporaryUrl = TypeCompiler.Compile(TemporaryUrl)

const failures: FailureCodes = {
  unreachable: 'storage-failed',
  expired: 'storage-failed',
  failed: 'storage-failed',
  timeout: 'storage-failed',
}

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
    deadline: number,
  ): Promise<string> {
    const { client, connections } = this.options
    const [origin, { body }] = await Promise.all([
      this.findOrigin(caller, deadline),
      client.send(command, caller, deadline).catch((error) => {
        throw asNotSent(error)
      }),
    ])
    if (!temporaryUrl.Check(body)) {
      throw new Problem('storage-failed', { detail: 'LiveEngage gave no URL to upload to.' })
    }
    // No tokens: the URL itself is the permission. Source: examples page, file sharing.
    const call = { method: 'PUT', path: pathOf(body), headers: {}, body: file } as const
    const { status } = await exchange(connections.to(origin), origin, call, deadline, failures)
    if (status < 200 || status > 299) {
      throw new Problem('storage-failed', { detail: `The storage answered ${status}.` })
    }
    return body.relativePath
  }

  /**
   * Opens a file for reading.
   * @throws Problem `file-not-found`, or what the look-up of its URL failed with
   */
  async get(
    relativePath: string,
    caller: Caller,
    deadline: number,
  ): Promise<Dispatcher.ResponseData> {
    const { client, connections } = this.options
    const [origin, { body: url }] = await Promise.all([
      this.findOrigin(caller, deadline),
      client.send(askForDownload(relativePath), caller, deadline),
    ])
    if (!temporaryUrl.Check(url)) {
      throw new Problem('liveengage-failed', { detail: 'LiveEngage gave no URL to download from.' })
    }
    const response = await open(connections.to(origin), pathOf(url), deadline)
    const { statusCode, body } = response
    if (statusCode === 200) return response
    await body.dump()
    if (statusCode === 404) throw new Problem('file-not-found')
    throw new Problem('liveengage-failed', { detail: `The storage answered ${statusCode}.` })
  }

  private async findOrigin({ accountId }: Caller, deadline: number): Promise<string> {
    const { domains } = this.options
    return (
      domains.known(accountId, 'swift') ??
      beforeDeadline(domains.find(accountId, 'swift'), deadline)
    )
  }
}

export function askForDownload(relativePath: string) {
  return { type: 'ms.GenerateURLForDownloadFile', body: { relativePath } } as const
}

/** Streams, so by undici's own `request`; the deadline holds until the first byte, the caller's patience after it. */
async function open(
  dispatcher: Dispatcher,
  path: string,
  deadline: number,
): Promise<Dispatcher.ResponseData> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), Math.max(deadline - performance.now(), 0))
  try {
    return await dispatcher.request({ method: 'GET', path, signal: abort.signal })
  } catch (cause) {
    throw new Problem(abort.signal.aborted ? 'liveengage-timeout' : 'liveengage-unreachable', {
      cause,
    })
  } finally {
    clearTimeout(timer)
  }
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
