/** A last pass (--final): what is told before it begins, and the certificate at its end. */
import type { KeyObject } from 'node:crypto';
import { certificateText } from '../certificate/certificate.js';
import { factsOf } from '../certificate/facts.js';
import { passForecast } from '../certificate/forecast.js';
import { filesOfLedger } from '../cli/paths.js';
import { version } from '../cli/version.js';
import { Ledger } from '../ledger/ledger.js';
import { openLedgerForReading } from '../ledger/open.js';
import { sessionsOf } from '../ledger/sessions.js';
import { readSigningKey, signedFiles, writeSigned } from '../manifest/sign.js';
import { checkOutput } from '../output.js';
import type { Settings, SignedOutput } from '../settings.js';
import { lettersOf } from '../share/attributes.js';
import { formatCounted, formatDuration } from '../stats/format.js';
import type { Session } from './session.js';

export class FinalPass {
  private readonly key: KeyObject | undefined;

  /** Throws a UsageError for a key, or a file to write, that is no good. */
  constructor(
    private readonly settings: Settings,
    private readonly final: SignedOutput,
  ) {
    const { key } = final;
    this.key = key === undefined ? undefined : readSigningKey(key);
    const kept = { ...filesOfLedger(settings.ledger), 'the audit log': settings.logFile, 'the key': key };
    for (const made of signedFiles(final)) checkOutput(made, kept);
  }

  /** How long it may take, in words; its own session has begun in the ledger. */
  forecast(ledger: Ledger): string {
    const expected = passForecast(sessionsOf(ledger).slice(0, -1), Date.now());
    if (!expected) return 'how long this pass will take cannot be told: no pass has followed another yet';
    const [p50, p90] = [expected.p50Ms, expected.p90Ms].map((ms) => formatDuration(ms / 1000));
    const passes = formatCounted(expected.passes, 'pass', 'passes');
    return `this pass is expected to take ${p50} (P50), at most ${p90} in nine of ten cases (P90), by ${passes} before it`;
  }

  /**
   * Of a session that came through; '' where something still changed while it ran, which `note` is told. Where one is to
   * be written to a file it is, and its signature. Throws what keeps that from being done.
   */
  async certificate(session: Session, begunMs: number, note: (text: string) => void): Promise<string> {
    const { source, dest, ledger, attributes, deleteExtras, progress } = this.settings;
    const { secondLook, outcomes } = session;
    if (!secondLook) return '';
    if (secondLook.changed > 0) {
      const changed = `${formatCounted(secondLook.changed, 'entry', 'entries')} had changed at the second look`;
      note(`no certificate: something still changes (${changed}); run --final again once nobody writes to either side`);
      return '';
    }
    note('making the certificate');
    const reading = new Ledger(openLedgerForReading(ledger));
    try {
      const isRemoved =
        reading.scanState.extras && outcomes.keptExtras + outcomes.unremoved.size + session.scan.errors === 0;
      const text = certificateText({
        ...(await factsOf(reading)),
        version: version(),
        source,
        dest,
        ledger,
        begunMs,
        lookedAgainMs: secondLook.begunMs,
        endedMs: secondLook.endedMs,
        unseen: session.scan.errors,
        attributes: lettersOf(attributes),
        excluded: secondLook.excluded,
        extras: !deleteExtras ? 'not looked for' : isRemoved ? 'removed' : 'kept',
      });
      const { output } = this.final;
      if (output !== undefined) await writeSigned(output, [Buffer.from(text)], this.key);
      // Where programs read the progress, the certificate is for its file.
      return progress === 'json' || progress === 'none' ? '' : `\n${text}`;
    } finally {
      reading.close();
    }
  }
}
