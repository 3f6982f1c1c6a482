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

/**
 * For people: A-labels as the characters they stand for; anything else, a `~` in front too, as it is. A label that would
 * not lead back to itself, or that mixes scripts and so could look like another, stays an A-label (UTS 39 §5).
 */
export function toUnicode(text: string): string {
  return text.replaceAll(/(?<=^|\.|~)xn--[a-z0-9-]+/gi, (label) => {
    const unicode = domainToUnicode(label)
    return domainToASCII(unicode) === label.toLowerCase() && isOfOneScript(unicode) ? unicode : label
  })
}

/** Latin, or one other script alone; a Cyrillic `а` among Latin letters is neither. */
function isOfOneScript(text: string): boolean {
  if (/^[\p{Script=Latin}\p{Nd}\p{M}-]+$/u.test(text)) return true
  return /\P{ASCII}/u.test(text) && !/\p{Script=Latin}/u.test(text) && /^[\p{L}\p{Nd}\p{M}-]+$/u.test(text)
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text)
}
