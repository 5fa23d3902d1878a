/** A session as `millrace status --json` and the JSON of a report say it. Pure; names are stable. */
import type { SessionRow } from '../ledger/sessions.js';

/** Times are seconds since the Unix epoch, sizes bytes; an `end` of null: it runs, or was cut off. */
export function sessionFields(session: SessionRow) {
  return {
    session: session.id,
    begin: session.begunMs / 1000,
    end: session.endedMs === undefined ? null : session.endedMs / 1000,
    exit_code: session.exitCode ?? null,
    read_bytes: session.readBytes,
    written_bytes: session.writtenBytes,
    copied_files: session.copiedFiles,
    copied_bytes: session.copiedBytes,
    same_files: session.sameFiles,
    deleted_entries: session.deleted,
    failed_entries: session.failed,
  };
}
