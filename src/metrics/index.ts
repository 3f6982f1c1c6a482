export type { MetricsServices } from './metrics-door.ts'
export { MetricsDoor } from './metrics-door.ts'
