/** As openapi-typescript's own documentation does it, so that a file is a Blob and no string. */
import { writeFile } from 'node:fs/promises'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import openapiTS, { astToString } from 'openapi-typescript'
import ts from 'typescript'

const [, , document = '', output = ''] = process.argv
const blob = ts.factory.createTypeReferenceNode('Blob')
const types = await openapiTS(pathToFileURL(document), {
  transform: ({ format }) => (format === 'binary' ? blob : undefined),
})
await writeFile(output, astToString(types))
