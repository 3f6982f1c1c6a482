/** Writes pages in the macros of man(7), which every man program knows. */
export class Page {
  readonly #lines: string[] = []

  constructor(name: string, section: number, title: string) {
    this.#lines.push(
      `.TH ${name.toUpperCase()} ${section} "" tsresolved`,
      '.SH NAME',
      `${plain(name)} \\- ${plain(title)}`,
    )
  }

  heading(text: string): this {
    this.#lines.push(`.SH ${plain(text.toUpperCase())}`)
    return this
  }

  /** `**bold**` and `_slanted_` words are set apart. */
  text(text: string): this {
    this.#lines.push('.PP', marked(text))
    return this
  }

  /** A term and what it means. */
  item(term: string, text: string): this {
    this.#lines.push('.TP', marked(term), marked(text))
    return this
  }

  /** As typed. */
  example(text: string): this {
    this.#lines.push('.PP', '.nf', '.RS 4', ...text.split('\n').map((line) => leading(plain(line))), '.RE', '.fi')
    return this
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`
  }
}

function marked(text: string): string {
  const set = plain(text).replaceAll(/\*\*(.+?)\*\*/g, String.raw`\fB$1\fR`)
  return leading(set.replaceAll(/(?<![\w/])_([^_\s][^_]*)_(?!\w)/g, String.raw`\fI$1\fR`))
}

function plain(text: string): string {
  return text.replaceAll('\\', String.raw`\e`).replaceAll('-', String.raw`\-`).replaceAll('`', String.raw`\``)
}

/** A line that begins with a dot or a quote would be a command. */
function leading(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line
}
