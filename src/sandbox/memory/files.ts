import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { atMost } from '../../at-most.ts'
import type { FileType } from '../../liveengage/protocol/values.ts'
import { undocumented } from '../services/refusals.ts'
import { samplePicture } from './sample-picture.ts'

/** Source: examples page, file sharing: 3 MB. */
export const maxFileBytes = 3 * 2 ** 20
const maxFiles = 100
const maxTotalBytes = 64 * 2 ** 20
const maxPendingUploads = 1_000

type TemporaryUrl = {
  relativePath: string
  queryParams: { temp_url_sig: string; temp_url_expires: string }
}

/** The query of a temporary URL as it arrived. */
export type UrlProof = { temp_url_sig?: unknown; temp_url_expires?: unknown }

type StoredFile = { bytes: Buffer; contentType: string }

export type Files = {
  uploadUrl: (account: string, file: { fileType: FileType; fileSize: number }) => TemporaryUrl
  /** A URL for any path: the download finds out whether the file exists. */
  downloadUrl: (path: string) => TemporaryUrl
  put: (path: string, proof: UrlProof, bytes: Buffer) => void
  /** A file of the agent's. @returns its path */
  store: (account: string, file: { fileType: FileType; bytes: Buffer }) => string
  /** Without a temporary URL, for the desk. */
  find: (path: string) => StoredFile | undefined
  clear: () => void
  get: (path: string, proof: UrlProof) => StoredFile
}

/** Files in memory, at most 100 or 64 MiB. The least recently used go first. */
export function createFiles(options: {
  now: () => number
  temporaryUrlLifeSeconds: number
}): Files {
  const key = randomBytes(32)
  const pending = new LRUCache<string, { contentType: string; fileSize: number }>(
    atMost(maxPendingUploads),
  )
  const files = new LRUCache<string, StoredFile>({
    max: maxFiles,
    maxSize: maxTotalBytes,
    sizeCalculation: ({ bytes }) => 1 + bytes.length,
  })

  /** LivePerson's storage is OpenStack Swift: HMAC-SHA1 over method, expiry and path. Source: Swift, TempURL middleware. */
  function sign(method: 'PUT' | 'GET', path: string, expires: string): string {
    return createHmac('sha1', key).update(`${method}\n${expires}\n${path}`).digest('hex')
  }

  function temporaryUrl(method: 'PUT' | 'GET', relativePath: string): TemporaryUrl {
    const expires = String(Math.floor(options.now() / 1000) + options.temporaryUrlLifeSeconds)
    const temp_url_sig = sign(method, relativePath, expires)
    return { relativePath, queryParams: { temp_url_sig, temp_url_expires: expires } }
  }

  function verify(method: 'PUT' | 'GET', path: string, proof: UrlProof): void {
    const expires = String(proof.temp_url_expires)
    const genuine = proof.temp_url_sig === sign(method, path, expires)
    if (!genuine || Number(expires) * 1000 <= options.now()) {
      throw undocumented(401, 'Temp URL invalid')
    }
  }

  function newPath(account: string, fileType: FileType): string {
    const name = `${randomBytes(32).toString('hex')}_uuid_${randomUUID()}_${timestamp(options.now())}`
    return `${filesOf(account)}${name}.${fileType}`
  }

  return {
    uploadUrl(account, { fileType, fileSize }) {
      const relativePath = newPath(account, fileType)
      pending.set(relativePath, { contentType: contentTypeOf(fileType), fileSize })
      return temporaryUrl('PUT', relativePath)
    },
    downloadUrl(path) {
      return temporaryUrl('GET', path)
    },
    put(path, proof, bytes) {
      verify('PUT', path, proof)
      const announced = pending.get(path)
      if (announced?.fileSize !== bytes.length) {
        throw undocumented(422, 'the bytes are not as many as the fileSize announced')
      }
      files.set(path, { bytes, contentType: announced.contentType })
    },
    store(account, { fileType, bytes }) {
      const path = newPath(account, fileType)
      files.set(path, { bytes, contentType: contentTypeOf(fileType) })
      return path
    },
    find: (path) => files.get(path) ?? samplePicture(path),
    clear() {
      pending.clear()
      files.clear()
    },
    get(path, proof) {
      verify('GET', path, proof)
      const file = files.get(path) ?? samplePicture(path)
      if (file === undefined) throw undocumented(404, 'no such file')
      return file
    },
  }
}

/** Where all files of an account lie. Source: examples page. */
export function filesOf(account: string): string {
  return `/v1/AUTH_async-images/${account}/`
}

function contentTypeOf(fileType: FileType): string {
  switch (fileType) {
    case 'JPG':
    case 'JPEG':
      return 'image/jpeg'
    case 'PNG':
      return 'image/png'
    case 'GIF':
      return 'image/gif'
  }
}

/** `04-06-2018_04-10-59-845`, as in the documented path. */
function timestamp(milliseconds: number): string {
  return new Date(milliseconds)
    .toISOString()
    .replace(/^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)\.(\d+)Z$/, '$3-$2-$1_$4-$5-$6-$7')
}
