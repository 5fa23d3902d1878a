/**
 * The listener of --metrics: GET /metrics and nothing else, on the main thread. It shows the same snapshot as the
 * surfaces, changes nothing, and does not keep the process alive.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { UsageError } from '../exit.js';
import type { MetricsSettings } from '../settings.js';
import { Observed } from '../stats/observed.js';
import type { Pull } from '../ui/surface.js';
import { hasToken, isLocalRequest, isLoopback, readToken } from './access.js';
import { CONTENT_TYPE, exposition } from './exposition.js';

/** How often rates and forecast get a sample, ms. */
const SAMPLE_MS = 1000;

/** A scrape is one short request; whoever sends more, or slowly, is cut off. */
const BOUNDS = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 5000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
};
const SILENCE_MS = 10_000;
const MOST_CONNECTIONS = 16;

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class MetricsServer {
  private readonly server: Server;
  private run: Observed | undefined;
  private sampling: NodeJS.Timeout | undefined;

  private constructor(
    private readonly host: string,
    private readonly token: string | undefined,
  ) {
    this.server = createServer(BOUNDS, (request, response) => void this.respond(request, response));
    this.server.timeout = SILENCE_MS;
    this.server.maxConnections = MOST_CONNECTIONS;
    this.server.on('connection', (socket) => socket.unref());
  }

  /** Listens, and answers 503 until there is something to show. Throws a UsageError where it cannot. */
  static async listen({ host, port, tokenFile }: MetricsSettings): Promise<MetricsServer> {
    const token = tokenFile === undefined ? undefined : readToken(tokenFile);
    const made = new MetricsServer(host, token);
    await new Promise<void>((resolve, reject) => {
      made.server.once('error', (error: NodeJS.ErrnoException) => reject(refusal(error, host, port)));
      made.server.listen({ host, port, exclusive: true }, resolve);
    });
    // Nothing that goes wrong here is a reason to end a copy.
    made.server.removeAllListeners('error').on('error', () => {});
    made.server.unref();
    return made;
  }

  /** From now on there is something to show. */
  show(pull: Pull): void {
    const run = new Observed(pull);
    const sample = () => {
      try {
        run.look();
      } catch {
        // A scrape then tells that there are no metrics, and the copy goes on.
      }
    };
    this.run = run;
    sample();
    this.sampling = setInterval(sample, SAMPLE_MS).unref();
  }

  /** Resolves when the port is free and `pull` is not called any more. */
  async close(): Promise<void> {
    clearInterval(this.sampling);
    this.run = undefined;
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, text, headers } = await this.answer(request);
    response.writeHead(status, {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    });
    response.end(text);
  }

  private async answer({ headers, method, url }: IncomingMessage): Promise<Answer> {
    if (isLoopback(this.host) && !isLocalRequest(headers.host, this.host)) return said(403, 'not for this host name');
    if (this.token !== undefined && !hasToken(headers.authorization, this.token)) {
      return said(401, 'a bearer token is needed', { 'www-authenticate': 'Bearer' });
    }
    if (url?.split('?', 1)[0] !== '/metrics') return said(404, 'see /metrics');
    if (method !== 'GET' && method !== 'HEAD') return said(405, 'only GET', { allow: 'GET, HEAD' });
    if (this.run === undefined) return said(503, 'starting or ending');
    try {
      const text = await exposition(this.run.look(), this.run.history);
      return { status: 200, text, headers: { 'content-type': CONTENT_TYPE } };
    } catch {
      return said(500, 'no metrics at the moment');
    }
  }
}

function said(status: number, text: string, headers?: Answer['headers']): Answer {
  return { status, text: `${text}\n`, ...(headers && { headers }) };
}

/** Why nothing listens, in words. */
const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens on this port; choose another port',
  EACCES: 'ports below 1024 are for root; choose another port',
  EADDRNOTAVAIL: 'not an address of this machine',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up now; write its address',
};

function refusal({ code = 'unknown error' }: NodeJS.ErrnoException, host: string, port: number): UsageError {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new UsageError(`--metrics ${where}: ${REASONS[code] ?? `cannot listen: ${code}`}`);
}
