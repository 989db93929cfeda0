/** What takes long is tried a little by `npm test`, and in full by `npm run test:long`. */
export const isLongRun = process.env['LONG_RUNS'] === 'true'

/** The options of a test that only a long run has time for. */
export const inLongRuns = isLongRun ? {} : { skip: 'npm run test:long runs it' }
