/** Who may read the metrics. Pure but for readToken. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { UsageError } from '../exit.js';
import { readPrivateFile } from '../privatefile.js';

/** Whether only programs on this machine reach a listener on `host`; a name other than localhost may be any address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/**
 * Whether a request that came in on a loopback address means this machine. A page in a browser can have its own name
 * resolved to 127.0.0.1 and read what listens there (DNS rebinding), but cannot choose the Host header.
 */
export function isLocalRequest(header: string | undefined, host: string): boolean {
  const [, name] = /^(\[[^\]]*\]|[^:]*)(?::\d{1,5})?$/.exec(header?.toLowerCase() ?? '') ?? [];
  const local = ['localhost', '127.0.0.1', '[::1]', host.includes(':') ? `[${host}]` : host.toLowerCase()];
  return name !== undefined && local.includes(name);
}

/** Whether an Authorization header carries the token (RFC 6750). How long it takes tells nothing about the token. */
export function hasToken(header: string | undefined, token: string): boolean {
  const [, given] = /^bearer +([\x21-\x7e]+) *$/i.exec(header ?? '') ?? [];
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The one word in a file that is private to its owner. Throws a UsageError that says what is wrong with the file. */
export function readToken(file: string): string {
  const option = '--metrics-token-file';
  const token = readPrivateFile(option, file).toString('latin1').trim();
  const refuse = (why: string): never => {
    throw new UsageError(`${option} ${file}: ${why}`);
  };
  if (token === '') refuse('is empty; put a token in it, such as the output of: openssl rand -hex 32');
  if (!/^[\x21-\x7e]+$/.test(token)) refuse('must hold one word of ASCII letters, digits and signs');
  return token;
}
