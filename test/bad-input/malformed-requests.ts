/** The corpus: all cases of malformed requests, in the order in which they are tried. */
import { chunking } from './malformed/chunks.ts'
import { framing } from './malformed/framing.ts'
import { headers } from './malformed/headers.ts'
import { pipelined } from './malformed/pipelined.ts'
import type { Malformed } from './malformed/request.ts'
import { lines } from './malformed/request-lines.ts'
import { paths } from './malformed/targets.ts'
import { unread } from './malformed/unread-bodies.ts'

export const malformedRequests: readonly Malformed[] = [
  ...framing,
  ...chunking,
  ...headers,
  ...lines,
  ...paths,
  ...unread,
  ...pipelined,
]
