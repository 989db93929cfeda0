/** Forms with a picture: built byte by byte, sound ones and broken ones. */
import assert from 'node:assert/strict'
import type { TSchema } from '@sinclair/typebox'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { FileFields } from '../../src/actions/send-file.ts'
import { startProxy } from '../start.ts'
import { startAlwaysOk } from './always-ok.ts'
import { invalid } from './invalid-values.ts'
import { type Case, call, mustRefuse, type Reply } from './must-hold.ts'
import { Runs } from './runs.ts'
import { marker } from './text.ts'
import { validObject } from './valid-values.ts'

const runs = new Runs()

async function start(t: Test) {
  const upstream = await startAlwaysOk(t)
  const proxy = await startProxy(t, upstream.origin, { FILE_LIMIT_BYTES: '20000' })
  const post = (payload: Buffer, type: string): Promise<Reply> => {
    upstream.seen.length = 0
    return call(proxy, toCase(payload, type))
  }
  return { upstream, proxy, post }
}

function toCase(payload: Buffer, type: string): Case {
  const headers = { 'content-type': type }
  return { method: 'POST', url: '/conversations/c1/files', payload, headers, expected: 'refused' }
}

const boundary = 'x-boundary-x'
const multipart = `multipart/form-data; boundary=${boundary}`

/** One part of a form. @param disposition what follows `form-data` */
function part(disposition: string, content: string | Buffer, headers = ''): Buffer {
  const head = `--${boundary}\r\nContent-Disposition: form-data${disposition}\r\n${headers}\r\n`
  return Buffer.concat([Buffer.from(head), Buffer.from(content), Buffer.from('\r\n')])
}

const field = (name: string, content: string) => part(`; name="${name}"`, content)
const picture = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(100, 7)])
const file = (content: Buffer) => part('; name="file"; filename="a.png"', content)
const end = Buffer.from(`--${boundary}--\r\n`)

const starts = fc.constantFrom('89504e470d0a1a0a', 'ffd8ff', '474946383761', '474946383961')
const pictures = fc
  .tuple(starts, fc.uint8Array({ maxLength: 2_000 }))
  .map(([signature, rest]) => Buffer.concat([Buffer.from(signature, 'hex'), Buffer.from(rest)]))

/** The one sound character that a form may not hold: the form's parser also makes it of bytes that are no UTF-8. */
const replacement = '\ufffd'

/** A form says every value as text. */
function fieldsOf(values: Record<string, unknown>): Buffer[] {
  return Object.entries(values).map(([name, value]) => field(name, toText(value)))
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value
  return JSON.stringify(value).replaceAll(replacement, '\\ufffd')
}

t.test('a sound form is stored byte for byte and published once', async (t) => {
  const { post, upstream } = await start(t)
  const sound = validObject(FileFields, []).filter(
    ({ caption }) => !String(caption).includes(replacement),
  )
  await runs.of(t, 120, fc.tuple(sound, pictures), async ([values, content]) => {
    const { status, body } = await post(
      Buffer.concat([...fieldsOf(values), file(content), end]),
      multipart,
    )
    assert.equal(status, 201, body)
    const [stored, ...others] = upstream.seen.filter(({ method }) => method === 'PUT')
    assert.deepEqual(others, [])
    assert.ok(stored?.bytes.equals(content))
    const published = upstream.sends().map((sent) => JSON.parse(sent.body))
    assert.deepEqual(
      published.map(({ type }) => type),
      ['ms.GenerateURLForUploadFile', 'ms.PublishEvent'],
    )
    const { caption, preview } = published[1].body.event.message
    const { metadata } = published[1]
    const { dialogId } = published[1].body
    const arrived = JSON.parse(JSON.stringify({ caption, preview, metadata, dialogId }))
    assert.deepEqual(arrived, { dialogId: 'c1', ...JSON.parse(JSON.stringify(values)) })
  })
})

t.test('a field that its schema forbids is refused by its name', async (t) => {
  const { post, upstream } = await start(t)
  const fields: Record<string, TSchema> = FileFields.properties
  const faults = fc.constantFrom(...Object.entries(fields)).chain(([name, schema]) =>
    invalid(schema)
      // As text; an empty one would be none, and any text is a caption.
      .filter(({ value }) =>
        name === 'metadata' ? value !== '' : typeof value === 'string' && value !== '',
      )
      // Half a pair has no bytes in UTF-8: it leaves as U+FFFD, which is sound.
      .filter(({ value }) => {
        if (name !== 'caption' || typeof value !== 'string') return name !== 'caption'
        return value.length > 20 && Buffer.from(value).toString() === value
      })
      .map(({ value, at }) => ({ name, value, at })),
  )
  await runs.of(t, 280, faults, async ({ name, value, at }) => {
    const text = name === 'metadata' ? toText(value) : String(value)
    const payload = Buffer.concat([field(name, text), file(picture), end])
    const given: Case = { ...toCase(payload, multipart), at: `/${name}${at}` }
    const reply = await post(payload, multipart)
    assert.equal(reply.status, 400, reply.body)
    mustRefuse(given, reply, upstream)
  })
})

const form = Buffer.concat([field('caption', marker), file(picture), end])
const line = (text: string) => Buffer.from(text)

/** No upload, each in its own way; the status where only one is right. */
const malformed: Record<string, [payload: Buffer, type: string, status?: number]> = {
  'no boundary in the type': [form, 'multipart/form-data'],
  'an empty boundary': [form, 'multipart/form-data; boundary='],
  'another boundary': [form, 'multipart/form-data; boundary=other'],
  'a boundary of 5,000 characters': [form, `multipart/form-data; boundary=${'b'.repeat(5_000)}`],
  'a boundary with a line feed': [form, 'multipart/form-data; boundary="a%0d%0ab"'],
  'the type of JSON': [form, 'application/json', 415],
  'multipart of another kind': [form, `multipart/mixed; boundary=${boundary}`],
  'a form without files': [line('caption=a'), 'application/x-www-form-urlencoded', 415],
  'no type': [form, 'nonsense', 415],
  nothing: [Buffer.alloc(0), multipart],
  'the end alone': [end, multipart, 400],
  words: [line(marker), multipart, 400],
  'no end': [form.subarray(0, -end.length), multipart, 400],
  'half of the end': [form.subarray(0, -5), multipart, 400],
  'cut within the picture': [form.subarray(0, -60), multipart, 400],
  'cut within a head': [form.subarray(0, 40), multipart, 400],
  'no file': [Buffer.concat([field('caption', marker), end]), multipart, 400],
  'a file that is a field': [Buffer.concat([field('file', marker), end]), multipart, 400],
  'an empty file': [Buffer.concat([file(Buffer.alloc(0)), end]), multipart, 400],
  'two files': [Buffer.concat([file(picture), file(picture), end]), multipart, 400],
  'a field twice': [
    Buffer.concat([field('caption', marker), field('caption', 'a'), file(picture), end]),
    multipart,
    400,
  ],
  'a file of another name': [
    Buffer.concat([part('; name="picture"; filename="a"', picture), end]),
    multipart,
    400,
  ],
  'an unknown field': [
    Buffer.concat([field(`${marker} words`, 'a'), file(picture), end]),
    multipart,
    400,
  ],
  'no name': [Buffer.concat([part('', marker), file(picture), end]), multipart],
  'an empty name': [Buffer.concat([field('', marker), file(picture), end]), multipart],
  'a poisoned name': [
    Buffer.concat([field('__proto__', marker), file(picture), end]),
    multipart,
    400,
  ],
  'the name constructor': [
    Buffer.concat([field('constructor', marker), file(picture), end]),
    multipart,
    400,
  ],
  'the name toString': [
    Buffer.concat([field('toString', marker), file(picture), end]),
    multipart,
    400,
  ],
  'too many fields': [
    Buffer.concat([...'abcdefgh'].map((name) => field(name, marker)).concat(file(picture), end)),
    multipart,
    400,
  ],
  'metadata that is no JSON': [
    Buffer.concat([field('metadata', `[{"type":"${marker}"`), file(picture), end]),
    multipart,
    400,
  ],
  'poisoned metadata': [
    Buffer.concat([
      field('metadata', `[{"type":"a","__proto__":"${marker}"}]`),
      file(picture),
      end,
    ]),
    multipart,
    400,
  ],
  'metadata without an end': [
    Buffer.concat([field('metadata', '['.repeat(60_000)), file(picture), end]),
    multipart,
    400,
  ],
  'metadata 30,000 deep': [
    Buffer.concat([
      field('metadata', `${'['.repeat(30_000)}${']'.repeat(30_000)}`),
      file(picture),
      end,
    ]),
    multipart,
    400,
  ],
  'a caption that is no UTF-8': [
    Buffer.concat([
      part('; name="caption"', Buffer.from('ff6d41724b6552', 'hex')),
      file(picture),
      end,
    ]),
    multipart,
    400,
  ],
  'a NUL in a caption': [
    Buffer.concat([field('caption', `${marker}\0`), file(picture), end]),
    multipart,
    400,
  ],
  'a text that says it is a picture': [
    Buffer.concat([
      part('; name="file"; filename="a.png"', marker, 'Content-Type: image/png\r\n'),
      end,
    ]),
    multipart,
    400,
  ],
  'half of a signature': [Buffer.concat([file(picture.subarray(0, 4)), end]), multipart, 400],
  'a file over the limit': [
    Buffer.concat([file(Buffer.concat([picture, Buffer.alloc(20_000)])), end]),
    multipart,
    413,
  ],
  'a form over the limit': [Buffer.alloc(200_000, 'a'), multipart, 413],
  'a head without an end': [
    Buffer.concat([line(`--${boundary}\r\nX: ${'a'.repeat(50_000)}`)]),
    multipart,
    400,
  ],
  'a head without an end before another part': [
    Buffer.concat([line(`--${boundary}\r\nX: a\r\n`), file(picture), end]),
    multipart,
    400,
  ],
  'a line of a head that is no header': [
    Buffer.concat([
      file(picture),
      part('; name="caption"', 'YQ==', 'a\r\nContent-Transfer-Encoding: base64\r\n'),
      end,
    ]),
    multipart,
    400,
  ],
  'a part of another boundary before the first': [
    Buffer.concat([line('--other\r\n\r\na\r\n'), form]),
    multipart,
    400,
  ],
  'a part behind the end': [Buffer.concat([form, field('preview', 'a'), end]), multipart, 400],
  'thousands of heads': [
    Buffer.concat([line(`--${boundary}\r\n${'X: a\r\n'.repeat(9_000)}\r\n`), end]),
    multipart,
    400,
  ],
  'a thousand boundaries': [line(`--${boundary}\r\n`.repeat(1_000)), multipart, 400],
  'bare line feeds': [line(form.toString('latin1').replaceAll('\r\n', '\n')), multipart, 400],
}

t.test('what is no whole upload gets a problem, and nothing is stored or published', async (t) => {
  const { post, upstream, proxy } = await start(t)
  for (const [name, [payload, type, status]] of Object.entries(malformed)) {
    await t.test(name, async (t) => {
      const reply = await post(payload, type)
      t.ok(reply.status >= 400 && reply.status < 500, `${reply.status} ${reply.body}`)
      if (status !== undefined) t.equal(reply.status, status, reply.body)
      mustRefuse(toCase(payload, type), reply, upstream)
    })
  }
  const { status } = await call(proxy, toCase(form, multipart))
  t.equal(status, 201, 'and a sound form is taken afterwards')
})

t.test('a form with any byte changed is taken or refused, and never fails', async (t) => {
  const { post, upstream } = await start(t)
  const changes = fc.tuple(fc.nat(form.length - 1), fc.nat(255))
  await runs.of(t, 150, changes, async ([place, byte]) => {
    const payload = Buffer.from(form)
    payload[place] = byte
    const reply = await post(payload, multipart)
    if (reply.status === 201) assert.equal(upstream.sends().length, 2)
    else mustRefuse(toCase(payload, multipart), reply, upstream)
  })
})
