/** Keeps V8's heap near to what is in use; imported first by server.ts, since loading the program is what it is about. */
import { setFlagsFromString } from 'node:v8'

// Most of what loading leaves in the space for new objects is soon of no use, and yet the space would grow to its 48 MB and keep it.
setFlagsFromString('--semi-space-growth-factor=1')

/** From now on the space for new objects grows with the load: a small one would then cost more than it saves. */
export function letYoungGenerationGrow(): void {
  setFlagsFromString('--semi-space-growth-factor=2')
}
