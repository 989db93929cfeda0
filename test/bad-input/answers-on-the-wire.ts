/** Reads every byte that came on a connection as HTTP answers, and takes nothing else. */
import assert from 'node:assert/strict'

export type WireAnswer = { status: number; headers: Map<string, string>; body: string }

/** @param isHead a length without a body @throws AssertionError where the bytes are anything but whole answers */
export function answersIn(bytes: string, isHead: boolean): WireAnswer[] {
  const answers: WireAnswer[] = []
  let rest = bytes
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n')
    assert.notEqual(end, -1, `no answer: ${rest}`)
    const [line = '', ...fields] = rest.slice(0, end).split('\r\n')
    const status = Number(/^HTTP\/1\.1 ([1-5][0-9]{2}) [\x20-\x7e]*$/.exec(line)?.[1])
    assert.ok(status > 0, `no status line: ${line}`)
    const headers = new Map(
      fields.map((field) => {
        const [, name = '', value = ''] = /^([\w-]+): ([\x20-\x7e]*)$/.exec(field) ?? []
        assert.notEqual(name, '', `no header: ${field}`)
        return [name.toLowerCase(), value] as const
      }),
    )
    assert.equal(headers.size, fields.length, `a header twice: ${fields.join()}`)
    const isBodyless = isHead || status < 200 || status === 204
    const length = isBodyless ? 0 : Number(headers.get('content-length'))
    assert.ok(Number.isSafeInteger(length), `no length: ${fields.join()}`)
    const body = rest.slice(end + 4, end + 4 + length)
    assert.equal(body.length, length, `cut short: ${body}`)
    answers.push({ status, headers, body })
    rest = rest.slice(end + 4 + length)
  }
  return answers
}
