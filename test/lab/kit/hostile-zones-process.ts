/**
 * hostile-zones ADDRESS: signed zones on port 53, made to be dear for who validates them. Prints the root's DS record, then `ready`.
 *
 * `p384.zz`, `rsa.zz`: 60 keys with one tag, and for each name as many signatures as a datagram holds, all wrong
 * (CVE-2023-50387). `deep.zz`: NSEC3 with 50 iterations for names of 50 labels, of which the last proof is missing
 * (CVE-2023-50868). `polite.zz`: 50 names as they should be.
 */
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { createServer, type Socket } from 'node:net'
import { keyTag } from '../../../src/dnssec/rdata.ts'
import type { Name, ResourceRecord } from '../../../src/wire/index.ts'
import {
  compose,
  isWithin,
  labelCount,
  nameOf,
  parseMessage,
  QR,
  RA,
  RD,
  recordOf,
  TYPE,
  wireOfRecord,
} from '../../../src/wire/index.ts'
import { recordLine } from '../../kit/master-file.ts'
import { SignedTree } from '../../kit/signed-tree.ts'
import { SigningKey } from '../../kit/signing-key.ts'
import { DEEP } from './hostile-names.ts'

const [address = '127.0.0.1'] = process.argv.slice(2)
const KEYS = 60
const RSA_BYTES = 256
/** Room for signatures beside question, address and OPT record. */
const MOST_BYTES = 1100
const now = Math.floor(Date.now() / 1000)
const validity = [now - 86_400, now + 86_400] as const
const OPT = { payloadSize: 1232, extendedRcode: 0, version: 0, dnssecOk: true, options: [] }

const tree = new SignedTree([
  { apex: '.', validity },
  { apex: 'zz', validity },
  { apex: 'polite.zz', validity, records: Array.from({ length: 50 }, (_, i) => `n${i} A 192.0.2.1`) },
  { apex: 'p384.zz', algorithm: 14, validity },
  { apex: 'rsa.zz', algorithm: 8, validity },
  {
    apex: 'deep.zz',
    denial: 'nsec3',
    iterations: 50,
    validity,
    records: 'bcdefghi'.split('').map((label) => `${label} A 192.0.2.1`),
  },
])

/** Another key with the same tag: bits of the flags that nobody reads make up for the difference. */
function sibling({ tag, algorithm }: SigningKey): Buffer {
  for (;;) {
    const rdata = algorithm === 8 ? rsaKey() : Buffer.from(new SigningKey(algorithm, 0).rdata)
    rdata.writeUInt16BE(0, 0)
    const difference = (tag - keyTag(rdata) + 0xffff) % 0xffff
    rdata.writeUInt16BE(difference, 0)
    if (keyTag(rdata) === tag && (difference & 0x0180) === 0x0100) return rdata
  }
}

/** Of 2048 bits, whose secret nobody knows. */
function rsaKey(): Buffer {
  const modulus = randomBytes(RSA_BYTES)
  modulus[0] = 0xc0
  modulus[RSA_BYTES - 1] = 0x01
  return Buffer.concat([Buffer.from([0, 0, 3, 8, 3, 1, 0, 1]), modulus])
}

/** The records after the question for any name of such a zone, each owned by the question's. */
function trap(apex: Name, key: SigningKey): Buffer {
  const owner = nameOf(`x.${apex}`)
  const a = recordOf(owner, TYPE.A, Uint8Array.of(192, 0, 2, 1), 300)
  const { rdata } = key.sign([a], apex, validity)
  const head = rdata.subarray(0, rdata.length - (key.algorithm === 8 ? 128 : 96))
  const size = key.algorithm === 8 ? RSA_BYTES : 96
  const records = [pointed(a)]
  for (let left = MOST_BYTES; left >= 12 + head.length + size; left -= 12 + head.length + size) {
    const signature = randomBytes(size)
    signature[0] = signature[size / 2] = 1 // less than the modulus, or the order of the curve
    const wrong = Buffer.concat([head, signature])
    records.push(pointed({ ...a, type: TYPE.RRSIG, rdata: wrong }))
  }
  return counted(records, 0)
}

/** Owned by the name at byte 12. */
function pointed({ type, rdata }: Pick<ResourceRecord, 'type' | 'rdata'>): Buffer {
  const head = Buffer.from([0xc0, 12, type >> 8, type & 255, 0, 1, 0, 0, 1, 44, rdata.length >> 8, rdata.length & 255])
  return Buffer.concat([head, rdata])
}

/** With the numbers of records before them. */
function counted(answer: readonly Buffer[], rcode: number, authority: readonly Buffer[] = []): Buffer {
  const head = Buffer.from([(QR | RD) >> 8, (RA | rcode) & 255, 0, 1, 0, answer.length, 0, authority.length, 0, 1])
  const opt = Buffer.from([0, 0, 41, 1232 >> 8, 1232 & 255, 0, 0, 0x80, 0, 0, 0])
  return Buffer.concat([head, ...answer, ...authority, opt])
}

/** A denial of all names below `DEEP`, but for what shows that no wildcard is there. */
function deepDenial(): Buffer {
  const { authority } = tree.reply({ name: nameOf(`x.${DEEP}`), type: TYPE.A })
  const denials = authority.filter(({ type }) => type === TYPE.NSEC3)
  const last = denials.at(-1)
  if (denials.length < 3) throw new Error('one record denies too much')
  return counted([], 3, authority.filter(({ name }) => name !== last?.name).map(wireOfRecord))
}

const traps = new Map<Name, Buffer>([[nameOf(DEEP), deepDenial()]])
const keys = new Map<Name, readonly ResourceRecord[]>()
for (const label of ['p384.zz', 'rsa.zz']) {
  const apex = nameOf(label)
  const key = tree.zones.find((zone) => zone.apex === apex)?.key as SigningKey
  const all = Array.from({ length: KEYS }, () => recordOf(apex, TYPE.DNSKEY, sibling(key), 300))
  const set = [key.dnskey(apex, 300), ...all]
  keys.set(apex, [...set, key.sign(set, apex, validity)])
  traps.set(apex, trap(apex, key))
}

function reply(query: Buffer, most: number): Buffer {
  const { question, id } = parseMessage(query)
  if (question === undefined) return query
  const { name, type } = question
  for (const [below, parts] of traps) {
    if (type !== TYPE.A || name === below || !isWithin(name, below) || labelCount(name) !== labelCount(below) + 1)
      continue
    const end = query.indexOf(0, 12) + 5
    return Buffer.concat([query.subarray(0, 2), parts.subarray(0, 10), query.subarray(12, end), parts.subarray(10)])
  }
  const own = type === TYPE.DNSKEY ? keys.get(name) : undefined
  const { flags, answer, authority } = tree.reply(question)
  const wire = compose({ id, flags, question, opt: OPT, answer: own ?? answer, authority })
  return wire.length <= most ? wire : compose({ id, flags: flags | 0x200, question, opt: OPT })
}

const udp = createSocket('udp4')
udp.on('message', (query, { port, address: from }) => udp.send(reply(query, 1232), port, from))
const tcp = createServer((socket: Socket) => {
  let pending = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('data', (bytes) => {
    pending = Buffer.concat([pending, bytes])
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const answer = reply(pending.subarray(2, 2 + pending.readUInt16BE(0)), 65_535)
      pending = pending.subarray(2 + pending.readUInt16BE(0))
      socket.write(Buffer.concat([Buffer.of(answer.length >> 8, answer.length & 255), answer]))
    }
  })
})
tcp.listen(53, address, () => udp.bind(53, address, () => console.log('ready')))
const ds = tree.root.key?.ds(tree.root.apex)
if (ds !== undefined) console.log(recordLine(ds))
