/**
 * Whether signs beyond ASCII are wanted, as the original decides it: not in the locale `C` when that was asked for; but
 * where nothing was asked for, as under cron, they are. A locale that is not installed looks to it as if it were UTF-8;
 * here it is what its name says.
 */
export function isUtf8Locale({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  if (LC_ALL === undefined && LC_CTYPE === undefined && LANG === undefined) return true
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '')
}

/** The arrows of `monitor`, which the original writes so (C-M-2). */
export function asciiArrows(text: string): string {
  return text.replace(/^\u2192/gm, '->').replace(/^\u2190/gm, '<-')
}

/** One sign for each, so that columns stay. Control characters have no place in such a text. */
export function asciiSigns(text: string): string {
  return text.replaceAll(/[^ -~]/gu, (sign) => SIGNS[sign] ?? '?')
}

// biome-ignore format: a table reads better in rows
const SIGNS: Readonly<Record<string, string>> = {
  '▁': '1', '▂': '2', '▃': '3', '▄': '4', '▅': '5', '▆': '6', '▇': '7', '█': '8',
  '●': '*', '○': 'o', '…': '~', '–': '-', '≤': '<', '←': '<', '→': '>', '↑': '^', '↓': 'v',
}
