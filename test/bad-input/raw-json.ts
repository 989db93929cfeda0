/** Bodies that are broken below the schema: no JSON, no UTF-8, too deep, poisoned. Each is made from a valid one. */
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { marker } from './text.ts'

type Body = string | Buffer

function bytes(...parts: (string | number[])[]): Buffer {
  return Buffer.concat(parts.map((part) => Buffer.from(part)))
}

/** Puts raw text in as the last member, which is the one that counts. */
function withMember(json: string, member: string): string {
  return json === '{}' ? `{${member}}` : `${json.slice(0, -1)},${member}}`
}

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`

/** All of them are refused with a path of ''. @param json a valid body, an object */
const breakages: Record<string, (json: string, place: number) => Body> = {
  'cut short': (json, place) => json.slice(0, 1 + (place % (json.length - 1))),
  'a second value': (json) => `${json}{}`,
  'a byte too many': (json) => `${json}}`,
  'a byte order mark': (json) => `\ufeff${json}`,
  'a trailing comma': (json) => `${json.slice(0, -1)},}`,
  'a comment': (json) => `${json}//${marker}`,
  'single quotes': () => `{'text':'${marker}'}`,
  'a bare key': (json) => withMember(json, `${marker}:1`),
  NaN: (json) => withMember(json, '"text":NaN'),
  Infinity: (json) => withMember(json, '"sequences":[Infinity]'),
  'minus nothing': (json) => withMember(json, '"sequences":[-]'),
  'a plus': (json) => withMember(json, '"targetSeconds":+1'),
  'hexadecimal digits': (json) => withMember(json, '"targetSeconds":0x1F'),
  'a leading zero': (json) => withMember(json, '"targetSeconds":01'),
  'a raw line feed in a string': (json) => withMember(json, `"text":"${marker}\n"`),
  'a raw NUL in a string': (json) => withMember(json, `"text":"${marker}\0"`),
  'an escape that is none': (json) => withMember(json, `"text":"${marker}\\x41"`),
  'half an escape': (json) => withMember(json, `"text":"${marker}\\u00"`),
  'nothing but words': () => marker,
  blanks: () => ' \t\r\n',
  null: () => 'null',
  'UTF-16': (json) => Buffer.from(`\ufeff${json}`, 'utf16le'),
  gzip: (json) => gzipSync(json),
  'a lone byte': (json) => bytes(json.slice(0, -1), [0xff], '}'),
  'an overlong slash': () => bytes(`{"text":"${marker}`, [0xc0, 0xaf], '"}'),
  'a surrogate as UTF-8': () => bytes(`{"text":"${marker}`, [0xed, 0xa0, 0x80], '"}'),
  'beyond Unicode': () => bytes(`{"text":"${marker}`, [0xf4, 0x90, 0x80, 0x80], '"}'),
  'a character cut short': () => bytes(`{"text":"${marker}`, [0xf0, 0x9f, 0x98], '"}'),
  'depth 17': (json) => withMember(json, `"metadata":${nested(16)}`),
  'depth 20,000': (json) => withMember(json, `"metadata":${nested(20_000)}`),
  'depth without an end': () => '['.repeat(60_000),
  'objects without an end': () => '{"a":'.repeat(12_000),
  'a poisoned key': (json) => withMember(json, `"__proto__":{"text":"${marker}"}`),
  'a poisoned key, escaped': (json) => withMember(json, `"\\u005f_proto__":"${marker}"`),
  'a poisoned key, deep': (json) =>
    withMember(json, `"metadata":[{"type":"a","b":[{"__proto__":"${marker}"}]}]`),
  'a poisoned constructor': (json) =>
    withMember(json, `"context":{"constructor":{"prototype":{"text":"${marker}"}}}`),
}

/** @param validBody of an action, an object */
export function brokenText(validBody: fc.Arbitrary<unknown>): fc.Arbitrary<[name: string, Body]> {
  return fc
    .tuple(validBody, fc.constantFrom(...Object.entries(breakages)), fc.nat())
    .map(([body, [name, breakIt], place]) => [name, breakIt(JSON.stringify(body), place)])
}
