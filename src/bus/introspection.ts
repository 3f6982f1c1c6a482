import { type Argument, argumentsOf, INTROSPECTABLE, PEER, PROPERTIES } from '../dbus/index.ts'
import type { BusInterface, BusMethod, BusProperty, BusSignal } from './interface.ts'

type Description = Pick<BusMethod, 'name' | 'in' | 'out'>

/** Interfaces that every object has; the dispatcher answers them itself. */
export const STANDARD_METHODS: ReadonlyMap<string, readonly Description[]> = new Map(
  [PEER, INTROSPECTABLE, PROPERTIES].map(({ name, methods }) => [
    name,
    Object.entries(methods).map(([member, types]) => {
      return { name: member, in: argumentsOf(types.in), out: argumentsOf(types.out) }
    }),
  ]),
)

const PROPERTIES_CHANGED: BusSignal = {
  name: 'PropertiesChanged',
  args: argumentsOf('s interface_name, a{sv} changed_properties, as invalidated_properties'),
}

/** The DTD is named as busctl, gdbus and the original do; nobody fetches it. */
const HEADER = `<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"
"https://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">
`

/**
 * What `Introspect` answers. All names come from our own tables or are escaped path elements: nothing needs quoting.
 */
export function introspectionXml(interfaces: readonly BusInterface[], children: readonly string[]): string {
  const standard = [...STANDARD_METHODS].map(([name, methods]) =>
    interfaceXml(name, [], methods, name === PROPERTIES.name ? [PROPERTIES_CHANGED] : []),
  )
  const own = interfaces.map(({ name, properties, methods, signals }) =>
    interfaceXml(name, properties, methods, signals),
  )
  const nodes = children.map((child) => ` <node name="${child}"/>\n`)
  return `${HEADER}<node>\n${[...standard, ...own, ...nodes].join('')}</node>\n`
}

/** Members in the order of the original: properties, methods, signals. */
function interfaceXml(
  name: string,
  properties: readonly BusProperty[],
  methods: readonly Description[],
  signals: readonly BusSignal[],
): string {
  const members = [...properties.map(propertyXml), ...methods.map(methodXml), ...signals.map(signalXml)]
  return ` <interface name="${name}">\n${members.join('')} </interface>\n`
}

function propertyXml({ name, type, emitsChange, write }: BusProperty): string {
  const access = write === undefined ? 'read' : 'readwrite'
  // Without an annotation `true` is meant, and a property that can be set is for the privileged, as in the original.
  const annotations = [
    emitsChange === 'true' ? '' : annotationXml('org.freedesktop.DBus.Property.EmitsChangedSignal', emitsChange),
    write === undefined ? '' : annotationXml('org.freedesktop.systemd1.Privileged', 'true'),
  ]
  return `  <property name="${name}" type="${type}" access="${access}">\n${annotations.join('')}  </property>\n`
}

function annotationXml(name: string, value: string): string {
  return `   <annotation name="${name}" value="${value}"/>\n`
}

function methodXml({ name, in: inputs, out: outputs }: Description): string {
  const list = [...inputs.map((each) => argXml(each, 'in')), ...outputs.map((each) => argXml(each, 'out'))]
  return `  <method name="${name}">\n${list.join('')}  </method>\n`
}

function signalXml({ name, args: list }: BusSignal): string {
  return `  <signal name="${name}">\n${list.map((each) => argXml(each, undefined)).join('')}  </signal>\n`
}

function argXml({ type, name }: Argument, direction: 'in' | 'out' | undefined): string {
  return `   <arg type="${type}" name="${name}"${direction === undefined ? '' : ` direction="${direction}"`}/>\n`
}
