/**
 * Loads TypeScript by taking its types away, which leaves every line and column where it was: tap's own way, ts-node,
 * starts a compiler in every process and takes four fifths of a small test's time. Node.js 22.18 and newer does this
 * itself, so this folder goes when Node.js 20 goes.
 */
import { register } from 'node:module'
import process from 'node:process'

// A process that a test starts with these flags needs neither a compiler nor mocked modules, which nobody uses here.
process.execArgv = process.execArgv.filter((flag) => !/@tapjs\/(typescript|mock)\//.test(flag))

if (!process.features.typescript) register('./hooks.js', import.meta.url)
