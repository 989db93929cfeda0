/** The head of a request or an answer, as it was on the wire. */

export type Head = { method: string; path: string; headers: ReadonlyMap<string, string> }

export function parseHead(bytes: string): Head {
  const [requestLine = '', ...lines] = bytes.trimEnd().split('\r\n')
  const [method = '', path = ''] = requestLine.split(' ')
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  return { method, path, headers }
}
