import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { manPages } from './pages.ts'

/** Writes the manual pages: `npm run man`. A test holds them to the tables and files they are made from. */
for (const [name, text] of manPages()) writeFileSync(join(import.meta.dirname, '..', name), text)
