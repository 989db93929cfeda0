import type { Overview } from '../model.ts'
import type { Act } from './act.ts'
import { api } from './api.ts'

const services = [
  ['send', 'SEND'],
  ['conversation', 'CONVERSATION'],
  ['sentinel', 'Login of the app (Sentinel)'],
  ['idp', 'Login of the consumer (IDP)'],
  ['domain-api', 'Look-up of a domain'],
  ['upload', 'Upload of a file'],
  ['download', 'Download of a file'],
] as const

const faults = ['400', '401', '429', '500', '502', 'timeout', 'reset', 'html', 'lost', 'slow=3000']

/** What goes wrong on the next calls. */
export function Faults(props: { faults: Overview['faults']; act: Act }) {
  return (
    <>
      <form
        class="fault"
        onSubmit={(event) => {
          event.preventDefault()
          const { service, fault, times } = Object.fromEntries(new FormData(event.currentTarget))
          props.act(api.post('/faults', { service, fault, times: Number(times) }), 'Ordered.')
        }}
      >
        <label for="fault-service">On the next calls of</label>
        <select id="fault-service" name="service">
          {services.map(([name, label]) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
        <label for="fault-name">let this happen</label>
        <select id="fault-name" name="fault">
          {faults.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <label for="fault-times">times</label>
        <input id="fault-times" name="times" type="number" min="1" max="1000" defaultValue="1" />
        <button type="submit" class="primary">
          Order
        </button>
      </form>
      {props.faults.length === 0 ? (
        <p class="sub">
          Nothing is ordered. A text that begins <code>sandbox:</code>, such as{' '}
          <code>sandbox:429</code>, does the same for its own call.
        </p>
      ) : (
        <>
          <ul class="ordered">
            {props.faults.map(({ service, fault, times }) => (
              <li key={`${service} ${fault}`}>
                <code>{fault}</code> on the next {times === 1 ? 'call' : `${times} calls`} of{' '}
                {service}
              </li>
            ))}
          </ul>
          <button type="button" onClick={() => props.act(api.remove('/faults'), 'Taken back.')}>
            Take all back
          </button>
        </>
      )}
    </>
  )
}
