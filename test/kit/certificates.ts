import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** PEM texts for a server, and the files they are in. */
export interface Credentials {
  /** The certificate, and those in between where there are any. */
  readonly cert: string
  readonly key: string
  readonly certFile: string
  readonly keyFile: string
}

export interface CertificateOptions {
  /** As in openssl's `subjectAltName`: `DNS:dns.test,IP:10.0.0.53`; none: only the common name. */
  readonly san?: string
  readonly commonName?: string
  /** Days from now; negative is past. Default: from yesterday to in 30 days. */
  readonly from?: number
  readonly to?: number
}

const DAY = 86_400_000

/** A private certificate authority (E-TEST-5), with everything it makes in a folder of its own until disposed. */
export class TestAuthority implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'tsresolved-ca-'))
  readonly #name: string
  #count = 0

  constructor(name = 'test-ca') {
    this.#name = name
    this.#openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      this.#path('ca.key'),
      '-out',
      this.caFile,
      '-days',
      '30',
      '-subj',
      `/CN=${name}`,
      '-addext',
      'basicConstraints=critical,CA:TRUE',
    )
    this.#prepare('ca', 'ca')
  }

  /** The bundle of those who trust this authority. */
  get caFile(): string {
    return this.#path('ca.pem')
  }

  get ca(): string {
    return readFileSync(this.caFile, 'utf8')
  }

  certificate(options: CertificateOptions = {}): Credentials {
    return this.#issue('ca', options)
  }

  /** Signed by an authority in between, which the server sends along or not. */
  behindIntermediate(options: CertificateOptions, isSent: boolean): Credentials {
    const middle = `middle${this.#count++}`
    this.#sign('ca', middle, { commonName: `${this.#name} middle` }, ['basicConstraints=critical,CA:TRUE'])
    this.#prepare(middle, middle)
    const issued = this.#issue(middle, options)
    const cert = isSent ? issued.cert + readFileSync(this.#path(`${middle}.pem`), 'utf8') : issued.cert
    writeFileSync(issued.certFile, cert)
    return { ...issued, cert }
  }

  selfSigned({ san = 'DNS:dns.test', commonName = 'dns.test' }: CertificateOptions = {}): Credentials {
    const name = `self${this.#count++}`
    this.#openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      this.#path(`${name}.key`),
      '-out',
      this.#path(`${name}.pem`),
      '-days',
      '30',
      '-subj',
      `/CN=${commonName}`,
      '-addext',
      `subjectAltName=${san}`,
    )
    return this.#credentials(name)
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true })
  }

  #issue(signer: string, options: CertificateOptions): Credentials {
    const name = `leaf${this.#count++}`
    const { san, commonName = 'dns.test' } = options
    const extensions = ['basicConstraints=CA:FALSE', ...(san === undefined ? [] : [`subjectAltName=${san}`])]
    this.#sign(signer, name, { ...options, commonName }, extensions)
    return this.#credentials(name)
  }

  #sign(signer: string, name: string, options: CertificateOptions, extensions: readonly string[]): void {
    const { commonName = '', from = -1, to = 30 } = options
    const [request, out] = [this.#path(`${name}.csr`), this.#path(`${name}.pem`)]
    this.#openssl(
      'req',
      '-new',
      ...NEW_KEY,
      '-keyout',
      this.#path(`${name}.key`),
      '-out',
      request,
      '-subj',
      `/CN=${commonName}`,
    )
    writeFileSync(this.#path('extensions'), `[x]\n${extensions.join('\n')}\n`)
    this.#openssl(
      'ca',
      '-batch',
      '-notext',
      '-config',
      this.#path(`${signer}.cnf`),
      '-in',
      request,
      '-out',
      out,
      '-extfile',
      this.#path('extensions'),
      '-extensions',
      'x',
      '-startdate',
      dateOf(from),
      '-enddate',
      dateOf(to),
    )
  }

  /** What `openssl ca` wants to find for a signer, which alone can date certificates freely. */
  #prepare(name: string, files: string): void {
    const home = this.#path(`${name}.d`)
    mkdirSync(home)
    writeFileSync(join(home, 'index'), '')
    writeFileSync(
      this.#path(`${name}.cnf`),
      `[ca]\ndefault_ca=x\n[x]\ndatabase=${home}/index\nnew_certs_dir=${home}\nrand_serial=yes\ndefault_md=sha256\n` +
        `unique_subject=no\npolicy=p\ncertificate=${this.#path(`${files}.pem`)}\nprivate_key=${this.#path(`${files}.key`)}\n` +
        '[p]\ncommonName=supplied\n',
    )
  }

  #credentials(name: string): Credentials {
    const [certFile, keyFile] = [this.#path(`${name}.pem`), this.#path(`${name}.key`)]
    return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), certFile, keyFile }
  }

  #path(name: string): string {
    return join(this.directory, name)
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: this.directory })
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** `20261129234343Z`. */
function dateOf(days: number): string {
  return new Date(Date.now() + days * DAY).toISOString().replace(/[-:T]|\.\d+/g, '')
}
