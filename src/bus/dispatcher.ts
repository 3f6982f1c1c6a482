import {
  ALLOW_INTERACTIVE_AUTHORIZATION,
  type Argument,
  type IncomingMessage,
  INTROSPECTABLE,
  PEER,
  TooManyValues,
  Variant,
} from '../dbus/index.ts'
import { MAX_VALUES, maxBodyOf } from './body-limits.ts'
import type { Client } from './clients.ts'
import { BusError, ERROR, invalidArgs } from './errors.ts'
import type { BusInterface, BusCall, BusMethod, BusProperty } from './interface.ts'
import { introspectionXml, STANDARD_METHODS } from './introspection.ts'
import type { BusNode, ObjectTree } from './object-tree.ts'

/** The values a call is answered with. */
export interface MethodReply {
  readonly signature: string
  readonly values: readonly unknown[]
}

/** Finds the member a call is for, checks its arguments' types and runs it. Knows no socket. */
export class Dispatcher {
  readonly #tree: ObjectTree
  readonly #machineId: () => string | undefined

  constructor(tree: ObjectTree, machineId: () => string | undefined) {
    this.#tree = tree
    this.#machineId = machineId
  }

  /** @throws {BusError | ControlError} what the caller is to see */
  async dispatch(message: IncomingMessage, client: Client): Promise<MethodReply> {
    if (message.interface === PEER.name) return this.#peer(message)
    const node = this.#tree.find(message.path)
    if (node === undefined) throw unknownObject(message.path)
    const standard = STANDARD_METHODS.get(message.interface)?.find(({ name }) => name === message.member)
    if (standard !== undefined) {
      const args = readArguments(message, standard.in)
      return {
        signature: typesOf(standard.out),
        values: await this.#standard(message, node, args, callOf(message, client)),
      }
    }
    const method = findMethod(node.interfaces, message)
    const args = readArguments(message, method.in)
    return { signature: typesOf(method.out), values: await method.run(args, callOf(message, client)) }
  }

  /** Peer answers on every path, existing or not. */
  #peer(message: IncomingMessage): MethodReply {
    if (message.member === 'Ping') return { signature: '', values: [] }
    if (message.member !== 'GetMachineId') throw unknownMethod(message)
    const id = this.#machineId()
    if (id === undefined) throw new BusError(ERROR.failed, 'This machine has no machine ID.')
    return { signature: 's', values: [id] }
  }

  /** Introspectable answers on every step of the tree, Properties only where there is an interface of ours. */
  async #standard(
    message: IncomingMessage,
    node: BusNode,
    args: readonly unknown[],
    call: BusCall,
  ): Promise<readonly unknown[]> {
    if (message.interface === INTROSPECTABLE.name) return [introspectionXml(node.interfaces, node.children)]
    if (node.interfaces.length === 0) throw unknownObject(message.path)
    const [interfaceName, propertyName, value] = args as [string, string, Variant]
    if (message.member === 'GetAll') return [readAll(node.interfaces, interfaceName)]
    const property = findProperty(node.interfaces, interfaceName, propertyName)
    if (message.member === 'Get') return [new Variant(property.type, property.read())]
    await write(property, value, call)
    return []
  }
}

/** The flag of the message says whether the caller accepts a password dialog (ALLOW_INTERACTIVE_AUTHORIZATION). */
function callOf({ flags }: IncomingMessage, client: Client): BusCall {
  return { client, isInteractive: (flags & ALLOW_INTERACTIVE_AUTHORIZATION) !== 0 }
}

/** @throws {BusError} for other types than the member takes, and for a message too large to read */
function readArguments(message: IncomingMessage, list: readonly Argument[]): readonly unknown[] {
  const { signature } = message
  const expected = typesOf(list)
  if (signature !== expected) {
    const member = `${message.interface}.${message.member}()`
    throw invalidArgs(`Invalid arguments '${signature}' to call ${member}, expecting '${expected}'.`)
  }
  if (message.bodySize > maxBodyOf(list)) throw tooLarge()
  try {
    return message.body(MAX_VALUES)
  } catch (error) {
    if (error instanceof TooManyValues) throw tooLarge()
    throw invalidArgs('The arguments cannot be decoded.') // e.g. a file descriptor inside a variant
  }
}

function tooLarge(): BusError {
  return new BusError(ERROR.limitsExceeded, 'The message is too large.')
}

function typesOf(list: readonly Argument[]): string {
  return list.map(({ type }) => type).join('')
}

/** A call without an interface means whichever has the member (D-Bus specification, "Message Types"). */
function findMethod(interfaces: readonly BusInterface[], message: IncomingMessage): BusMethod {
  const candidates = interfaces.filter(({ name }) => message.interface === '' || message.interface === name)
  const method = candidates.flatMap(({ methods }) => methods).find(({ name }) => name === message.member)
  if (method === undefined) throw unknownMethod(message)
  return method
}

/** All properties of one interface; of all of them for the empty name. */
function readAll(interfaces: readonly BusInterface[], name: string): Record<string, Variant> {
  const chosen = interfaces.filter((each) => name === '' || each.name === name)
  if (chosen.length === 0 && !STANDARD_METHODS.has(name)) {
    throw new BusError(ERROR.unknownInterface, `Unknown interface '${name}'.`)
  }
  const properties = chosen.flatMap((each) => each.properties)
  return Object.fromEntries(properties.map((each) => [each.name, new Variant(each.type, each.read())]))
}

function findProperty(interfaces: readonly BusInterface[], interfaceName: string, name: string): BusProperty {
  const owner = interfaces.find((each) => each.name === interfaceName)
  const property = owner?.properties.find((each) => each.name === name)
  if (property !== undefined) return property
  throw new BusError(ERROR.unknownProperty, `Unknown interface ${interfaceName} or property ${name}.`)
}

/** Types are compared before the value is looked at: a variant may hold anything. */
async function write(property: BusProperty, { signature, value }: Variant, call: BusCall): Promise<void> {
  const { name, type } = property
  if (property.write === undefined) {
    throw new BusError(ERROR.propertyReadOnly, `Property '${name}' is not writable.`)
  }
  if (signature !== type) {
    throw invalidArgs(`Incorrect parameters for property '${name}', expected '${type}', got '${signature}'.`)
  }
  await property.write(value, call)
}

function unknownObject(path: string): BusError {
  return new BusError(ERROR.unknownObject, `Unknown object '${path}'.`)
}

function unknownMethod({ interface: name, member }: IncomingMessage): BusError {
  return new BusError(ERROR.unknownMethod, `Unknown method ${member} or interface ${name}.`)
}
