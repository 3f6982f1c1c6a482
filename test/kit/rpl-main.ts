/** `npm run rpl -- FILE…`: plays scenario files of unbound's testbound format and says of each how it went. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { playRpl, RplMismatch, RplUnsupported } from './rpl.ts'

const files = process.argv.slice(2)
if (files.length === 0) console.log('usage: npm run rpl -- FILE…')
const left = new Set(files)
// Node ends without a word where a promise never settles.
process.on('exit', () => {
  for (const file of left) console.log(`not ok ${file}: it waits, or waited for one that does, for what never comes`)
})
for (const file of files) {
  console.log(await play(file))
  left.delete(file)
}

async function play(file: string): Promise<string> {
  try {
    await playRpl(readFileSync(file, 'utf8'), basename(file))
    return `ok ${file}`
  } catch (error) {
    if (error instanceof RplUnsupported) return `skip ${file}: ${error.message}`
    process.exitCode = 1
    const isMismatch = error instanceof RplMismatch
    return `not ok ${file}: ${isMismatch || !(error instanceof Error) ? String(error) : (error.stack ?? error.message)}`
  }
}
