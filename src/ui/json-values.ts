/** What the JSON of progress, status and reports has in common. Pure; names are stable. */
import type { SessionRow } from '../ledger/sessions.js';
import type { FailureCause } from '../stats/failures.js';
import { cleanName, cleanText } from './clean.js';

/** To the millisecond, or the whole byte per second: more digits only make lines longer. `null` is "not known". */
export function seconds(value: number): number;
export function seconds(value: number | null | undefined): number | null;
export function seconds(value: number | null | undefined): number | null {
  return value == null ? null : Math.round(value * 1000) / 1000;
}

export function whole(value: number | null | undefined): number | null {
  return value == null ? null : Math.round(value);
}

/** The most frequent first; `places` as FailurePlace. */
export function causeFields({ code, count, example, places }: FailureCause) {
  return {
    code,
    count,
    example: cleanText(example),
    places: places.map((place) => ({ folder: cleanName(place.folder), count: place.count })),
  };
}

/** Times are seconds since the Unix epoch, sizes bytes; an `end` of null: it runs, or was cut off. */
export function sessionFields(session: SessionRow) {
  return {
    session: session.id,
    begin: seconds(session.begunMs / 1000),
    end: session.endedMs === undefined ? null : seconds(session.endedMs / 1000),
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
