// Prints `PASSED FAILED SKIPPED` of a vitest report. `count.mjs REPORT EXIT-CODE`
// A run that failed without a failing test (a file that cannot be read, no tests at all, no report) counts one failure.
import { readFileSync } from 'node:fs'

const [, , file = '', exitCode = '1'] = process.argv
const { passed, failed, skipped } = read(file)
const brokenOtherwise = failed === 0 && (exitCode !== '0' || passed === 0)
console.log(passed, brokenOtherwise ? 1 : failed, skipped)

function read(path) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'))
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests,
      skipped: report.numPendingTests + report.numTodoTests,
    }
  } catch {
    return { passed: 0, failed: 0, skipped: 0 }
  }
}
