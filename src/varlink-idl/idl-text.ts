import type { Fields, Interface, Method, Methods } from './idl.ts'

/** An interface in the varlink definition language: what GetInterfaceDescription returns (V-14). */
export function idlText(description: Interface<Methods>): string {
  const parts = [
    `# ${description.comment}\ninterface ${description.name}`,
    ...description.types.map((type) => `type ${type.name} ${fieldsText(type.fields)}`),
    ...Object.entries(description.methods).map(([name, method]) => methodText(name, method)),
    ...Object.entries(description.errors).map(([name, fields]) => `error ${name} ${fieldsText(fields)}`),
  ]
  return `${parts.join('\n\n')}\n`
}

/** `method Name(…) -> (…)` under its comment. */
function methodText(name: string, { comment, input, output, requiresMore }: Method<Fields, Fields>): string {
  const note = requiresMore ? "\n# [Requires 'more' flag]" : ''
  return `# ${comment}${note}\nmethod ${name}${fieldsText(input)} -> ${fieldsText(output)}`
}

/** Members in parentheses, one a line. */
function fieldsText(fields: Fields): string {
  const lines = Object.entries(fields).map(([name, type]) => `\t${name}: ${type.text}`)
  return lines.length === 0 ? '()' : `(\n${lines.join(',\n')}\n)`
}
