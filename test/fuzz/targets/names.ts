import { IpAddress, printable } from '../../../src/base/index.ts'
import {
  addressOfReverseName,
  concatNames,
  labelCount,
  labelsOf,
  nameOfWire,
  parentOf,
  parseAskedName,
  parseClass,
  parseName,
  parseType,
  reverseNameOf,
  textOfWire,
  toAscii,
  toUnicode,
  wireOfName,
} from '../../../src/wire/index.ts'
import { must, type Target } from '../target.ts'

const SEEDS = [
  'www.example.com',
  'a\\.b\\032\\255.Test.',
  'münchen.example',
  'xn--mnchen-3ya.example',
  '1.2.0.192.in-addr.arpa',
  '::1',
  '192.0.2.1',
  'fe80::1%2',
  'AAAA',
  'TYPE65',
]

/** Names, addresses and types as people and programs write them. */
export const target: Target = {
  name: 'names',
  maxLength: 4096,
  // Hundreds of A-labels, of which a name of DNS has sixty at most, for the terminal of a client: Node takes 3 µs for each.
  allowance: { time: 1 },
  seeds: () => SEEDS.map((text) => Buffer.from(text)),
  run(input) {
    const text = input.toString('utf8')
    parseType(text)
    parseClass(text)
    printable(text)
    readAddress(text)
    readName(text)
    const ascii = toAscii(text)
    if (ascii !== undefined) readName(ascii)
    toUnicode(text)
  },
}

function readName(text: string): void {
  const name = parseName(text)
  must((name === undefined) === (parseAskedName(text) === undefined), 'a name is one however it is spelt')
  if (name === undefined) return
  must(nameOfWire(wireOfName(name)) === name, 'a name survives its wire form')
  must(parseName(textOfWire(wireOfName(name))) === name, 'a name survives its text')
  must(labelsOf(name).length === labelCount(name), 'labels are counted as they are cut')
  addressOfReverseName(name)
  const parent = parentOf(name)
  if (parent !== undefined) concatNames(parent, name)
}

function readAddress(text: string): void {
  const address = IpAddress.parse(text)
  if (address === undefined) return
  must(IpAddress.parse(address.text)?.equals(address) === true, 'an address survives its text')
  must(addressOfReverseName(reverseNameOf(address))?.equals(address) === true, 'an address survives its reverse name')
}
