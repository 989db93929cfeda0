/**
 * Starts Swagger UI at /docs, by its documented options and plugins alone.
 * On a sandbox each example succeeds as it stands: a consumer is preset, and ids of answers go into the next calls.
 */

/** The errors of an operation, of which each has many, are shown when asked for. */
const foldErrors = ({ React }) => ({
  wrapComponents: {
    responses: (Responses) => (props) => {
      const [isOpen, setOpen] = React.useState(false)
      const errors = props.responses.filter((_, status) => Number(status) >= 400)
      const shown = isOpen
        ? props.responses
        : props.responses.filterNot((_, status) => errors.has(status))
      const label = `${isOpen ? 'Hide' : 'Show'} the ${errors.size} errors`
      return React.createElement(
        'div',
        null,
        React.createElement(Responses, { ...props, responses: shown }),
        errors.size > 0 &&
          React.createElement(
            'button',
            {
              type: 'button',
              className: 'btn errors',
              'aria-expanded': isOpen,
              onClick: () => setOpen(!isOpen),
            },
            label,
          ),
      )
    },
  },
})

/** What an answer names, by the parameter of other operations that takes it. */
const namedIn = [
  ['id', (answer) => answer?.conversationId],
  ['relativePath', (answer) => answer?.file?.relativePath?.replace(/^\//, '')],
]

/** Writes the conversation that was opened, and the file that was sent, into every call that takes one. */
const carryIds = () => ({
  statePlugins: {
    spec: {
      wrapActions: {
        setResponse:
          (setResponse, { specActions, specSelectors }) =>
          (path, method, response) => {
            const result = setResponse(path, method, response)
            if (response.status !== 201) return result
            for (const [name, read] of namedIn) {
              const value = read(response.obj)
              if (value === undefined) continue
              for (const operation of specSelectors.operations()) {
                const at = [operation.get('path'), operation.get('method')]
                for (const parameter of operation.getIn(['operation', 'parameters']) ?? []) {
                  const takesIt = parameter.get('in') === 'path' && parameter.get('name') === name
                  if (takesIt) specActions.changeParamByIdentity(at, parameter, value)
                }
              }
            }
            return result
          },
      },
    },
  },
})

const spec = await (await fetch('json')).json()
// The document is relative to itself. A reader wants to see where the proxy is.
for (const server of spec.servers)
  server.url = new URL(server.url, location.href).href.replace(/\/$/, '')

const ui = SwaggerUIBundle({
  dom_id: '#swagger-ui',
  spec,
  deepLinking: true,
  layout: 'BaseLayout',
  tryItOutEnabled: true,
  validatorUrl: null,
  plugins: [foldErrors, carryIds],
  onComplete() {
    const { consumerId } = spec['x-sandbox'] ?? {}
    if (consumerId !== undefined) ui.preauthorizeApiKey('ConsumerId', consumerId)
  },
})
