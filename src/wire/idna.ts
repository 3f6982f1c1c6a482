import { domainToASCII, domainToUnicode } from 'node:url'

/**
 * The name as DNS carries it: labels with other than ASCII characters become A-labels (UTS 46). Undefined when one of
 * them has none. Plain labels are not touched: the URL rules would read `1.2` as an address.
 */
export function toAscii(text: string): string | undefined {
  if (isAscii(text)) return text
  const labels = text.split(/[.\u3002\uff0e\uff61]/).map((label) => (isAscii(label) ? label : domainToASCII(label)))
  const isComplete = labels.every((label, i) => label !== '' || i === labels.length - 1)
  return isComplete ? labels.join('.') : undefined
}

/** For people: A-labels as the characters they stand for; anything else as it is. */
export function toUnicode(text: string): string {
  return text
    .split('.')
    .map((label) => (/^xn--/i.test(label) ? domainToUnicode(label) || label : label))
    .join('.')
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text)
}
