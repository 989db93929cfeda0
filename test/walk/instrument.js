/** Compiles src into a folder, each named function telling `globalThis.walk` when it is called. */
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'

const options = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext }

/** @param {string} root of the repository @param {string} folder that is made */
export async function instrument(root, folder) {
  const src = join(root, 'src')
  await mkdir(folder, { recursive: true })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, 'package.json'), await readFile(join(root, 'package.json')))
  for (const entry of await readdir(src, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/(?<!\.d)\.ts$/.test(entry.name)) continue
    const file = join(entry.parentPath, entry.name)
    const name = relative(src, file)
    const transformers = { before: [callsWalk(name)] }
    const { outputText } = ts.transpileModule(await readFile(file, 'utf8'), {
      compilerOptions: options,
      transformers,
    })
    const target = join(folder, 'src', name.replace(/\.ts$/, '.js'))
    await mkdir(dirname(target), { recursive: true })
    await writeFile(
      target,
      outputText.replace(/(from |import\()(['"]\.[^'"]+)\.ts(['"])/g, '$1$2.js$3'),
    )
  }
}

/** @param {string} file */
function callsWalk(file) {
  return (context) => {
    const { factory } = context
    const visit = (node) => {
      const visited = ts.visitEachChild(node, visit, context)
      const name = ts.isBlock(node) ? nameOf(node.parent) : undefined
      if (name === undefined) return visited
      const call = factory.createExpressionStatement(
        factory.createCallChain(
          factory.createPropertyAccessExpression(factory.createIdentifier('globalThis'), 'walk'),
          factory.createToken(ts.SyntaxKind.QuestionDotToken),
          undefined,
          [factory.createStringLiteral(file), factory.createStringLiteral(name)],
        ),
      )
      return factory.updateBlock(visited, [call, ...visited.statements])
    }
    return (source) => ts.visitNode(source, visit)
  }
}

/** The name of the function whose body a block is: named functions, methods and accessors, and functions that are handed on without a name. A constructor must call `super` first. */
function nameOf(node) {
  if (ts.isConstructorDeclaration(node)) return undefined
  if (!ts.isFunctionLike(node)) return undefined
  if (node.name !== undefined) return node.name.getText()
  const { parent } = node
  return parent !== undefined && 'name' in parent && parent.name !== undefined
    ? parent.name.getText()
    : '(anonymous)'
}
