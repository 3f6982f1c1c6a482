import { setTimeout as pause } from 'node:timers/promises'
import { dnsperf } from './dnsperf.ts'
import type { Encryption, Peer } from './peers.ts'
import { ZONE } from './questions.ts'
import { Scene } from './scene.ts'

/** Milliseconds for what handshakes leave behind to be collected; connections are kept for ten seconds. */
const SETTLING = 5000

/**
 * KiB of resident memory of the daemon for each connection that nobody uses: what questions through so many delegates take,
 * each with a server of another name, less what the same take over UDP.
 */
export async function perConnection(peer: Peer, encryption: Encryption, count: number): Promise<number> {
  return ((await growth(peer, encryption, count)) - (await growth(peer, 'none', count))) / count
}

async function growth(peer: Peer, encryption: Encryption, count: number): Promise<number> {
  await using scene = await Scene.open(peer, { cacheSize: 4096, encryption, start: false })
  const at = scene.uplinks[0]?.server ?? ''
  const numbers = Array.from({ length: count }, (_, i) => i)
  const files = numbers.map((n) => {
    const name = encryption === 'https' ? `#https://n${n}.${ZONE}/dns-query` : `#n${n}.${ZONE}`
    return `printf '[Delegate]\\nDNS=%s\\nDomains=%s\\n' '${at}${name}' 'd${n}.${ZONE}' >d${n}.dns-delegate`
  })
  const folder = '/etc/systemd/dns-delegate.d'
  await scene.world.run(['sh'], { input: [`set -e; mkdir -p ${folder}; cd ${folder}`, ...files].join('\n') })
  if (encryption === 'tls') {
    await scene.world.write('/etc/systemd/resolved.conf.d/tls.conf', '[Resolve]\nDNSOverTLS=opportunistic\n')
  }
  await scene.start()
  await pause(SETTLING)
  const before = await scene.rss()
  await scene.world.write('/run/lab/one-each', numbers.map((n) => `n.d${n}.${ZONE} A\n`).join(''))
  // A few at a time: on a busy machine a hundred handshakes at once take longer than a question is waited for.
  const few = { clients: 1, underWay: 4 }
  const { failed, lost } = await dnsperf(scene, { questions: '/run/lab/one-each', seconds: 60, once: true, ...few })
  if (failed + lost > 0) throw new Error(`${failed + lost} of ${count} delegates did not answer`)
  await pause(SETTLING)
  return (await scene.rss()) - before
}
