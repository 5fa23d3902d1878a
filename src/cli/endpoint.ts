/** Where to listen, as people write it. Like those of units.ts, the function throws a UsageError that completes a line. */
import { isIPv4, isIPv6 } from 'node:net';
import { UsageError } from '../exit.js';
import { parseCount } from './units.js';

export interface Endpoint {
  /** An address, without brackets, or a name. */
  readonly host: string;
  readonly port: number;
}

/** Labels of letters, digits and dashes, the last of which is no number: that would be a mistyped address. */
const NAME =
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*(?=[a-z0-9-]*[a-z])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** `9400` on 127.0.0.1, `HOST:9400`, `[::1]:9400`; undefined for `off`. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const trimmed = text.trim();
  if (/^off$/i.test(trimmed)) return undefined;
  const [, brackets, plain = '127.0.0.1', digits] = /^(?:\[([^\]]*)\]:|([^:]*):)?(\d+)$/.exec(trimmed) ?? [];
  if (digits === undefined) throw new UsageError('write a port, or HOST:PORT, for example 9400 or [::1]:9400');
  const host = brackets ?? plain;
  const isHost = brackets === undefined ? isIPv4(host) || NAME.test(host) : isIPv6(host);
  if (!isHost) throw new UsageError('the host is neither an address nor a name; write for example 127.0.0.1:9400');
  try {
    // A name could be looked up as anything.
    return { host: /^localhost$/i.test(host) ? '127.0.0.1' : host, port: parseCount(digits, { min: 1, max: 65_535 }) };
  } catch (error) {
    throw new UsageError(`the port ${(error as Error).message}`);
  }
}
