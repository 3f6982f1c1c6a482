import type { InterfaceDescription, PropertyName, PropertyOf } from './description.ts'
import { InconsistentReply } from './inconsistent-reply.ts'
import { Variant } from './variant.ts'

/** Properties of one interface as a peer told them; those it does not have are absent. */
export type PropertiesOf<D extends InterfaceDescription> = { readonly [P in PropertyName<D>]?: PropertyOf<D, P> }

/**
 * The properties of `description` out of the answer of `GetAll`. Others are left out: newer peers have more.
 * @throws {InconsistentReply} for a property of another type than described
 */
export function readProperties<D extends InterfaceDescription>(
  description: D,
  values: Readonly<Record<string, Variant>>,
): PropertiesOf<D> {
  const described = Object.entries(description.properties).filter(([name]) => Object.hasOwn(values, name))
  return Object.fromEntries(
    described.map(([name, { type }]) => {
      const { signature, value } = values[name] as Variant
      if (signature !== type) throw new InconsistentReply(`${description.name}.${name}`, type, signature)
      return [name, value]
    }),
  ) as PropertiesOf<D>
}
