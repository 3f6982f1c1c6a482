import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { manPages } from './pages.ts'

/** Writes the pages to config/man, from where they are installed. */
for (const [name, text] of manPages()) writeFileSync(join(import.meta.dirname, '../config/man', name), text)
