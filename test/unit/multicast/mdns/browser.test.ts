import { describe, expect, test } from 'vitest'
import { AF_INET, AF_INET6 } from '../../../../src/base/index.ts'
import type { KnownRecord, MulticastPlace, ServiceChange } from '../../../../src/multicast/index.ts'
import { MdnsBrowser } from '../../../../src/multicast/index.ts'
import { serviceOfName } from '../../../../src/multicast/mdns/service-instance.ts'
import type { OnChange } from '../../../../src/multicast/mdns/subscription.ts'
import { nameOf, type Question, wireOfText } from '../../../../src/wire/index.ts'
import { rr } from '../../../kit/messages.ts'

/** Remembers who follows what, and tells them what the test says. */
class FakeQuerier {
  readonly questions: Question[] = []
  readonly listeners = new Set<OnChange>()

  subscribe(question: Question, onChange: OnChange): Disposable {
    this.questions.push(question)
    this.listeners.add(onChange)
    return { [Symbol.dispose]: () => void this.listeners.delete(onChange) }
  }

  tell(...instances: string[]): void {
    const records = instances.map((name) => known(`_ipp._tcp.local 4500 PTR ${name}._ipp._tcp.local`))
    for (const listener of this.listeners) listener(records)
  }
}

function known(text: string): KnownRecord {
  const times = { learntAt: 0, storedAt: 0, expiresAt: 1000 }
  return { record: rr(text), server: '10.0.0.9', isUnique: false, isLeaving: false, ...times }
}

function place(ifindex: number, family: MulticastPlace['family'] = AF_INET): MulticastPlace {
  return { protocol: 'mdns', ifindex, family }
}

/** Each change as `+2/v4 name`. */
function watching(browser: MdnsBrowser, ifindex = 0) {
  const seen: string[] = []
  const show = (changes: readonly ServiceChange[]) =>
    seen.push(
      ...changes.map((one) => `${one.isGone ? '-' : '+'}${one.ifindex}/v${one.family === AF_INET ? 4 : 6} ${one.name}`),
    )
  const following = browser.browse({ name: nameOf('_ipp._tcp.local'), ifindex }, show)
  return { seen, following }
}

describe('what is followed', () => {
  test('SD-V-3: each record is told once for each link and IP version it is found by', () => {
    const browser = new MdnsBrowser()
    const [four, six] = [new FakeQuerier(), new FakeQuerier()]
    browser.attach(place(2), four)
    browser.attach(place(2, AF_INET6), six)
    const { seen } = watching(browser)
    four.tell('a')
    six.tell('a')
    four.tell('a', 'b')
    four.tell('b')
    expect(seen).toEqual(['+2/v4 a', '+2/v6 a', '+2/v4 b', '-2/v4 a'])
    expect(four.questions).toEqual([{ name: '_ipp._tcp.local', type: 12, class: 1 }])
  })

  test('SD-V-5: a link that goes takes what was found there, and others go on', () => {
    const browser = new MdnsBrowser()
    const [lan, wlan] = [new FakeQuerier(), new FakeQuerier()]
    const attached = browser.attach(place(2), lan)
    browser.attach(place(3), wlan)
    const { seen } = watching(browser)
    lan.tell('a')
    wlan.tell('a')
    attached[Symbol.dispose]()
    attached[Symbol.dispose]()
    wlan.tell('a', 'b')
    expect(seen).toEqual(['+2/v4 a', '+3/v4 a', '-2/v4 a', '+3/v4 b'])
    expect(lan.listeners.size).toBe(0)
  })

  test('SD-V-1: a link that comes later is followed too, other links than the one asked for are not', () => {
    const browser = new MdnsBrowser()
    const { seen } = watching(browser, 3)
    const [lan, wlan] = [new FakeQuerier(), new FakeQuerier()]
    browser.attach(place(2), lan)
    browser.attach(place(3), wlan)
    lan.tell('a')
    wlan.tell('b')
    expect(seen).toEqual(['+3/v4 b'])
  })

  test('SD-V-7: nothing is told, nor asked for, once it is over', () => {
    const browser = new MdnsBrowser()
    const lan = new FakeQuerier()
    browser.attach(place(2), lan)
    const { following } = watching(browser)
    following?.[Symbol.dispose]()
    expect(lan.listeners.size).toBe(0)
  })

  test('256 may follow at once', () => {
    const browser = new MdnsBrowser()
    const all = Array.from({ length: 256 }, () => watching(browser).following)
    expect(watching(browser).following).toBeUndefined()
    all[0]?.[Symbol.dispose]()
    expect(watching(browser).following).toBeDefined()
  })
})

describe('names of services', () => {
  test.each<[string, object | undefined]>([
    ['Web\\. server\\032No\\.1._http._tcp.local', { name: 'Web. server No.1', type: '_http._tcp', domain: 'local' }],
    ['B\\195\\188ro._ipp._tcp.local', { name: 'Büro', type: '_ipp._tcp', domain: 'local' }],
    ['_ipp._tcp.local', { name: undefined, type: '_ipp._tcp', domain: 'local' }],
    ['_x._http._tcp.local', { name: '_x', type: '_http._tcp', domain: 'local' }],
    ['a._http._tcp', { name: 'a', type: '_http._tcp', domain: '.' }],
    ['a.b._http._tcp.local', undefined],
    ['host.local', undefined],
    ['.', undefined],
    ['\\255._ipp._tcp.local', undefined],
  ])('%s', (text, service) => {
    expect(serviceOfName(wireOfText(text) as Buffer)).toEqual(service)
  })
})
