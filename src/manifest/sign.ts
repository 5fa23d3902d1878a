/**
 * Signatures that openssl checks. Ed25519 takes what it signs as a whole, and a manifest may be larger than memory: so its
 * SHA-256, 32 bytes, is what is signed.
 */
import { createHash, createPrivateKey, type Hash, type KeyObject, sign } from 'node:crypto';
import { UsageError } from '../exit.js';
import { writeOutput, writeOutputs } from '../output.js';
import { readPrivateFile } from '../privatefile.js';
import type { SignedOutput } from '../settings.js';

/** An ed25519 key in PEM (PKCS #8), as openssl makes it. Throws a UsageError for anything else. */
export function readSigningKey(file: string): KeyObject {
  const pem = readPrivateFile('--sign', file);
  const key = keyOf(file, pem);
  if (key.asymmetricKeyType !== 'ed25519') throw refusal(file, `a key of ${key.asymmetricKeyType}, not of ed25519`);
  return key;
}

function keyOf(file: string, pem: Buffer): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // What the error is called depends on the version of Node.
    if (pem.includes('ENCRYPTED')) throw refusal(file, 'has a passphrase, and nobody to ask for it');
    if (pem.includes('BEGIN OPENSSH PRIVATE KEY')) throw refusal(file, "in OpenSSH's own format, not in PKCS #8");
    throw refusal(file, 'not a private key in PEM');
  }
}

function refusal(file: string, why: string): UsageError {
  return new UsageError(`--sign ${file}: ${why}; make one with: openssl genpkey -algorithm ed25519 -out KEY`);
}

/** What is written for such an output: the file, and its signature where there is a key. */
export function signedFiles({ output, key }: SignedOutput): string[] {
  if (output === undefined) return [];
  return key === undefined ? [output] : [output, signatureFile(output)];
}

/** Writes a file, as writeOutputs does, and with it its signature: 64 bytes, over the SHA-256. The bytes of the file. */
export async function writeSigned(
  file: string,
  pieces: Iterable<Uint8Array>,
  key: KeyObject | undefined,
): Promise<number> {
  if (!key) return writeOutput(file, pieces);
  const sha256 = createHash('sha256');
  return writeOutputs([
    { file, pieces: hashed(pieces, sha256) },
    { file: signatureFile(file), pieces: signature(sha256, key) },
  ]);
}

/** Asked for once all was hashed. */
function* signature(sha256: Hash, key: KeyObject): Generator<Uint8Array> {
  yield sign(null, sha256.digest(), key);
}

function signatureFile(file: string): string {
  return `${file}.sig`;
}

function* hashed(pieces: Iterable<Uint8Array>, hash: Hash): Generator<Uint8Array> {
  for (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
}
