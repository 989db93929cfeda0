/**
 * Keeps the space small in which V8 makes new objects while the program loads: most of what loading leaves there is soon of no
 * use, and yet the space would grow to its 48 MB and keep them. Under load a small one costs more than it saves, so it grows then.
 */
import { setFlagsFromString } from 'node:v8'

// At the import, which comes first in server.ts, since loading is done by the time anything is called.
setFlagsFromString('--semi-space-growth-factor=1')

/** From now on it grows with the load. */
export function letYoungGenerationGrow(): void {
  setFlagsFromString('--semi-space-growth-factor=2')
}
