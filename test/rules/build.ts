import { writeFileSync } from 'node:fs'
import { COVERAGE_FILE, coverageText } from './rules.ts'

/** `npm run rules`: says anew which tests hold which rule. A test compares the file with the tests there are. */
writeFileSync(COVERAGE_FILE, coverageText())
