/** Fetches all that the cases use of Debian, so that none of them waits for the network. */
import { fetchDebian } from './debian.ts'

await fetchDebian()
