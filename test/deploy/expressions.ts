/** What is written in PromQL, for Prometheus and for Grafana. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

const read = (name: string) =>
  readFileSync(new URL(`../../deploy/${name}`, import.meta.url), 'utf8')

export type Rule = {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: { summary: string; description: string; what_to_do: string }
}

export const rules: readonly Rule[] = parse(read('prometheus/alerts.yaml')).groups[0].rules

type Panel = {
  type: string
  title: string
  fieldConfig?: { defaults: { unit?: string } }
  targets?: { expr: string }[]
}

export const dashboard: {
  uid: string
  panels: Panel[]
  templating: { list: { name: string; type: string; definition?: string }[] }
} = JSON.parse(read('grafana/dashboard.json'))

/** Those of the panels with this title, or of all, with a value for each of Grafana's variables. */
export function expressionsOfDashboard(title?: string): string[] {
  return dashboard.panels
    .filter((panel) => title === undefined || panel.title === title)
    .flatMap(({ targets = [] }) => targets)
    .map(({ expr }) =>
      expr
        .replaceAll(/\$__(rate_interval|range)/g, '1m')
        .replaceAll(/\$(job|instance|action)/g, '.*'),
    )
}
