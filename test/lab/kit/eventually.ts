export { eventually } from '../../kit/eventually.ts'
