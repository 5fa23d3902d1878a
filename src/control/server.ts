/** The control socket of a run: answers requests, and shows the run to those who watch. The run never waits for them. */
import { chmodSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { forecast } from '../stats/forecast.js';
import { Observed } from '../stats/observed.js';
import { ratesNow } from '../stats/rates.js';
import { type Operator, perform } from '../ui/operator.js';
import type { Pull } from '../ui/surface.js';
import { eachLine } from './lines.js';
import {
  type Answer,
  type Event,
  type Hello,
  LONGEST_REQUEST,
  type Request,
  type Result,
  readRequest,
  type State,
} from './protocol.js';
import { controlFolder, makePlace, type Place } from './socket.js';

const EVERY_MS = 1000;
const MOST_CLIENTS = 32;
/** A watcher that is so many bytes behind is not sent more until it has read. */
const FAR_BEHIND = 1024 * 1024;

export class ControlServer {
  private readonly sockets = new Set<Socket>();
  private readonly watchers = new Set<Socket>();
  private readonly timer: NodeJS.Timeout;
  private isClosed = false;

  private constructor(
    private readonly server: Server,
    private readonly place: Place,
    private readonly hello: Hello,
    private readonly run: Observed,
    private readonly operator: Operator,
  ) {
    server.on('connection', (socket) => this.welcome(socket));
    this.timer = setInterval(() => this.tick(), EVERY_MS);
    this.timer.unref();
    this.run.look();
  }

  /** Listens beside `ledger`, whose lock this process has. Throws a system error where that is not possible. */
  static async listen(ledger: string, version: string, pull: Pull, operator: Operator): Promise<ControlServer> {
    const place = makePlace(controlFolder(ledger));
    const server = createServer();
    server.maxConnections = MOST_CLIENTS;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(place.path, resolve);
      });
      chmodSync(place.path, 0o600);
    } catch (error) {
      server.close();
      place.remove();
      throw error;
    }
    server.unref();
    return new ControlServer(server, place, { millrace: version, pid: process.pid }, new Observed(pull), operator);
  }

  /** A line for the operator, to all who watch. */
  note(text: string): void {
    this.tell({ note: text });
  }

  /** Says how the run ended, and goes. */
  close(exitCode: number, summary: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearInterval(this.timer);
    for (const socket of this.sockets) {
      say(socket, { ended: { exitCode, summary } });
      socket.end();
    }
    // This unlinks the socket by the path that it was given, which must still lead to its folder then.
    this.server.close();
    this.place.remove();
  }

  private welcome(socket: Socket): void {
    this.sockets.add(socket);
    socket.unref();
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.watchers.delete(socket);
    });
    say(socket, this.hello);
    const refuse = () => socket.destroy();
    // One after the other, so that answers come in the order of requests.
    let turn = Promise.resolve();
    eachLine(socket, LONGEST_REQUEST, (line) => (turn = turn.then(() => this.answer(socket, line))), refuse);
  }

  private async answer(socket: Socket, line: string): Promise<void> {
    let answer: Answer | undefined;
    try {
      const request = readRequest(line);
      if (request.do === 'watch') {
        this.watchers.add(socket);
        say(socket, { state: { snapshot: this.run.look() } } satisfies Event);
      } else answer = { ok: await this.perform(request) };
    } catch (error) {
      answer = { error: (error as Error).message };
    }
    if (answer) say(socket, answer);
  }

  private perform(request: Exclude<Request, { do: 'watch' }>): Promise<Result> | Result {
    const { operator } = this;
    if (request.do === 'status') return this.state();
    if (request.do === 'failures') return operator.failures(request.after, request.limit);
    return perform(operator, request);
  }

  private tick(): void {
    try {
      this.tell({ state: { snapshot: this.run.look() } });
    } catch {
      // Nothing that goes wrong here is a reason to end a copy; the next look may succeed.
    }
  }

  private state(): State {
    const snapshot = this.run.look();
    const { history } = this.run;
    return {
      snapshot,
      rates: ratesNow(history, snapshot.nowMs),
      forecast: forecast(snapshot, history),
    };
  }

  private tell(event: Event): void {
    for (const watcher of this.watchers)
      if (!('state' in event) || watcher.writableLength < FAR_BEHIND) say(watcher, event);
  }
}

function say(socket: Socket, message: Hello | Answer | Event): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}
