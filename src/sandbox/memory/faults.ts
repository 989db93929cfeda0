/** Faults that were ordered for calls to come. */

export const services = [
  'domain-api',
  'sentinel',
  'idp',
  'conversation',
  'send',
  'upload',
  'download',
] as const
export type Service = (typeof services)[number]

export type OrderedFault = { service: Service; fault: string; times: number }

const maxOrders = 100

export type Faults = {
  /** For the next `times` calls to the service, after those that were ordered before. */
  order: (order: OrderedFault) => void
  /** The fault of the call that has just come, which counts as used. */
  take: (service: string) => string | undefined
  all: () => readonly OrderedFault[]
  clear: () => void
}

export function createFaults(changed: () => void): Faults {
  let orders: OrderedFault[] = []
  return {
    order(order) {
      orders = [...orders, order].slice(-maxOrders)
      changed()
    },
    take(service) {
      const found = orders.find((order) => order.service === service)
      if (found === undefined) return undefined
      orders = orders
        .map((order) => (order === found ? { ...order, times: order.times - 1 } : order))
        .filter(({ times }) => times > 0)
      changed()
      return found.fault
    },
    all: () => orders,
    clear() {
      orders = []
      changed()
    },
  }
}
