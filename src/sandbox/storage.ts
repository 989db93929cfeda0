import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { FileType } from '../liveengage/protocol.ts'
import { undocumented } from './refusals.ts'

/** Source: examples page, file sharing: 3 MB. */
export const MAX_FILE_BYTES = 3 * 2 ** 20
const MAX_FILES = 100
const MAX_TOTAL_BYTES = 64 * 2 ** 20
const MAX_PENDING_UPLOADS = 1_000

type TemporaryUrl = {
  relativePath: string
  queryParams: { temp_url_sig: string; temp_url_expires: string }
}

/** The query of a temporary URL as it arrived. */
export type UrlProof = { temp_url_sig?: unknown; temp_url_expires?: unknown }

type StoredFile = { bytes: Buffer; contentType: string }

export type Storage = {
  uploadUrl: (account: string, file: { fileType: FileType; fileSize: number }) => TemporaryUrl
  /** A URL for any path: whether the file exists is found out by the download. */
  downloadUrl: (path: string) => TemporaryUrl
  put: (path: string, proof: UrlProof, bytes: Buffer) => void
  get: (path: string, proof: UrlProof) => StoredFile
}

/** Files in memory, at most 100 or 64 MiB, the longest untouched forgotten first. */
export function createStorage(options: {
  now: () => number
  temporaryUrlLifeSeconds: number
}): Storage {
  const key = randomBytes(32)
  const pending = new LRUCache<string, { contentType: string; fileSize: number }>({
    max: MAX_PENDING_UPLOADS,
  })
  const files = new LRUCache<string, StoredFile>({
    max: MAX_FILES,
    maxSize: MAX_TOTAL_BYTES,
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

  return {
    uploadUrl(account, { fileType, fileSize }) {
      const name = `${randomBytes(32).toString('hex')}_uuid_${randomUUID()}_${timestamp(options.now())}`
      const relativePath = `${filesOf(account)}${name}.${fileType}`
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
    get(path, proof) {
      verify('GET', path, proof)
      const file = files.get(path)
      if (!file) throw undocumented(404, 'no such file')
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
