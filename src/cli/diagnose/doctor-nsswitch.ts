import type { Finding, LinkView } from './doctor-findings.ts'

/** One module of the `hosts:` line and the statuses at which glibc stops there, as nsswitch.conf(5) has them. */
interface Service {
  readonly module: string
  /** As written, behind the module. */
  readonly actions: readonly string[]
  readonly stopsAt: ReadonlySet<string>
}

const STATUSES = ['SUCCESS', 'NOTFOUND', 'UNAVAIL', 'TRYAGAIN']

/** Reads one line as glibc does: `[!UNAVAIL=return]` is every status but that; without an action only SUCCESS stops. */
export function servicesOf(line: string): Service[] {
  const tokens = (line.split('#')[0] ?? '').match(/\[[^\]]*\]|[^\s[]+/g) ?? []
  const services: { module: string; actions: string[]; stopsAt: Set<string> }[] = []
  for (const token of tokens) {
    const last = services.at(-1)
    if (!token.startsWith('[')) services.push({ module: token, actions: [], stopsAt: new Set(['SUCCESS']) })
    else if (last !== undefined) {
      last.actions.push(token)
      for (const [, not, status = '', action = ''] of token.matchAll(/(!?)\s*(\w+)\s*=\s*(\w+)/g)) {
        const named = status.toUpperCase()
        for (const each of STATUSES.filter((one) => (one === named) === (not === ''))) {
          if (/^return$/i.test(action)) last.stopsAt.add(each)
          else last.stopsAt.delete(each)
        }
      }
    }
  }
  return services
}

/** What the `hosts:` line keeps from asking the resolver. `modules`: those that are installed. */
export function checkNsswitch(text: string, modules: readonly string[], links: readonly LinkView[]): Finding[] {
  const line = /^\s*hosts:(.*)$/m.exec(text)?.[1]
  if (line === undefined) return [withoutHosts(text, modules)]
  const services = servicesOf(line)
  const asks = services.filter(({ module }) => ASKING.has(module))
  const [first] = asks
  const resolve = asks.find(({ module }) => module !== 'dns')
  const hasDns = asks.some(({ module }) => module === 'dns')
  const others = services.filter((service) => !asks.includes(service))
  const found = (what: string, wanted: readonly Service[]) => [findingOf(text, what, wanted)]
  if (first === undefined) {
    return found('asks neither resolve nor dns, so programs find no DNS name.', [...services, DNS])
  }
  if (resolve !== undefined && !hasDns && !modules.includes(resolve.module)) {
    return found(`needs the module ${resolve.module}, which is not installed.`, [...services, DNS])
  }
  if (services.findIndex(({ module }) => module === 'files') > services.indexOf(first)) {
    const files = services.filter(({ module }) => module === 'files')
    return found('looks into /etc/hosts only after DNS.', [
      ...files,
      ...services.filter(({ module }) => module !== 'files'),
    ])
  }
  if (resolve !== undefined && first.module === 'dns') {
    const [before, after] = [
      others.filter(({ module }) => module === 'files'),
      others.filter(({ module }) => module !== 'files'),
    ]
    const wanted = [...before, { ...resolve, actions: ['[!UNAVAIL=return]'] }, { ...DNS, actions: [] }, ...after]
    return found(`asks dns before ${resolve.module}, so ${resolve.module} hardly ever answers.`, wanted)
  }
  const wall = services.slice(0, services.indexOf(first)).find((service) => isWall(service, links))
  if (wall === undefined) return []
  const end = wall.module.endsWith('_minimal')
    ? 'for names in .local, though a link claims some'
    : 'for names it does not have'
  const open = services.map((service) => (service === wall ? { ...service, actions: [] } : service))
  return found(`stops at ${wall.module} ${wall.actions.join(' ')} ${end}: ${first.module} is not asked.`, open)
}

/** What glibc then does: `dns [!UNAVAIL=return] files`. */
function withoutHosts(text: string, modules: readonly string[]): Finding {
  const asks = modules.includes('resolve') ? 'resolve [!UNAVAIL=return] dns' : 'dns'
  const line = `hosts: files ${asks}`
  const what = text === '' ? 'is missing or empty' : 'has no line hosts:'
  return {
    check: 'nsswitch',
    level: 'problem',
    what: `/etc/nsswitch.conf ${what}: glibc asks dns first, and looks into /etc/hosts only where no server can be asked.`,
    repair: `echo '${line}' >>/etc/nsswitch.conf`,
    fix: { kind: 'rewrite-nsswitch', text: `${text}${/[^\n]$/.test(text) ? '\n' : ''}${line}\n` },
  }
}

const ASKING: ReadonlySet<string> = new Set(['resolve', 'tsresolve', 'dns'])
const DNS: Service = { module: 'dns', actions: [], stopsAt: new Set(['SUCCESS']) }

/** Whether the search ends there for names that the resolver might have. The minimal modules know only .local. */
function isWall({ module, stopsAt }: Service, links: readonly LinkView[]): boolean {
  if (!stopsAt.has('NOTFOUND')) return false
  if (!/^mdns\d?_minimal$/.test(module)) return true
  return links.some(({ inUse, domains }) => inUse && domains.some((domain) => /(^|[~.])local$/.test(domain)))
}

function findingOf(text: string, what: string, services: readonly Service[]): Finding {
  const words = services.flatMap(({ module, actions }) => [module, ...actions]).join(' ')
  return {
    check: 'nsswitch',
    level: 'problem',
    what: `/etc/nsswitch.conf: hosts: ${what}`,
    repair: `sed -i 's/^[[:space:]]*hosts:.*/hosts: ${words.replaceAll('/', '\\/').replaceAll('&', '\\&')}/' /etc/nsswitch.conf`,
    fix: { kind: 'rewrite-nsswitch', text: text.replace(/^\s*hosts:.*$/m, () => `hosts: ${words}`) },
  }
}
