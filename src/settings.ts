import type { Pair } from './ledger/open.js';
import type { PaceSettings } from './pace/pacer.js';
import type { Choice } from './scan/filter/choice.js';
import type { Attributes } from './share/attributes.js';
import type { Reads, Which } from './verify/pass.js';

/** The checksum algorithms a run can record, by the names users type. */
export const CHECKSUMS = ['md5', 'sha1', 'sha256', 'sha512', 'blake2b', 'blake3', 'xxh128'] as const;
export type Checksum = (typeof CHECKSUMS)[number];

/** What `millrace manifest` writes. */
export const MANIFEST_FORMATS = [
  'sha256sum',
  'b3sum',
  'md5sum',
  'sha1sum',
  'sha512sum',
  'b2sum',
  'bsd',
  'csv',
  'jsonl',
  'mtree',
] as const;
export type ManifestFormat = (typeof MANIFEST_FORMATS)[number];

/** In which order files are transferred; those with a minus the other way round. */
export const ORDERS = ['name', '-name', 'size', '-size', 'mtime', '-mtime'] as const;
export type TransferOrder = (typeof ORDERS)[number];

/** Readers, and writers, that a run grows to by itself, or can be told to have while it runs. */
export const MOST_LANES = 32;

/** How much may be deleted: a number of entries, or a part (0 to 1) of the destination's; both undefined: all of it. */
export interface DeleteLimit {
  readonly count: number | undefined;
  readonly part: number | undefined;
}

/** Where metrics are served. */
export interface MetricsSettings {
  /** An address, without brackets, or a name. */
  readonly host: string;
  readonly port: number;
  /** Absolute path of the file with the token that readers must show; undefined: none, which only loopback hosts allow. */
  readonly tokenFile: string | undefined;
}

/** A ledger by its absolute path, or the only one of a folder that is in use. */
export type Place =
  | { readonly file: string /** That it must be of. */; readonly roots?: Pair | undefined }
  | { readonly onlyOneIn: string };

/** quiet: notes and the summary only. */
export type ProgressStyle = 'tui' | 'plain' | 'quiet' | 'json' | 'none';

/** Everything a verification is told. */
export interface VerifySettings {
  /** The ledger's file, or the folder in which it is the only one. */
  readonly ledger: Place;
  /** Absolute paths of the roots, where they were named; the ledger knows them. */
  readonly roots: { readonly source: string; readonly dest: string } | undefined;
  /** Absolute path of the audit log; undefined: the one beside the ledger. */
  readonly logFile: string | undefined;
  readonly which: Which;
  readonly reads: Reads;
  /** Both limits of its timetable are those for reading. */
  readonly pace: PaceSettings;
  /** For files of which the ledger has no hash. */
  readonly checksum: Checksum;
  readonly acceptRoots: boolean;
  /** As in Settings. */
  readonly shareTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly readers: number;
  readonly verbose: boolean;
  readonly progress: Exclude<ProgressStyle, 'tui'>;
}

/** Everything a copy run is told, after flags, environment, config file and defaults were merged and checked. */
export interface Settings {
  /** Absolute path of the source root. */
  readonly source: string;
  /** Absolute path of the destination root. */
  readonly dest: string;
  /** Absolute path of the ledger. */
  readonly ledger: string;
  /** The ledger was not named: its folder is made when it is missing. */
  readonly ledgerIsDefault: boolean;
  /** Absolute path of the audit log. */
  readonly logFile: string;
  readonly pace: PaceSettings;
  readonly checksum: Checksum;
  /** What is kept beside content and times. Owners only for root: nobody else can set them. */
  readonly attributes: Attributes;
  /** Holes of large files are holes at the destination too. */
  readonly sparse: boolean;
  /** Undefined: as they are found, while the scan still runs. */
  readonly order: TransferOrder | undefined;
  readonly deleteExtras: boolean;
  readonly choice: Choice;
  /** What the choice leaves out is an extra. The choice's rules say so already; this is for people. */
  readonly deletesExcluded: boolean;
  readonly rescan: boolean;
  /** The pass ends with a second look at both sides, and a certificate; undefined: it does not. */
  readonly final: SignedOutput | undefined;
  /** More extras than this are not deleted; undefined: by engine/deletelimit.ts. */
  readonly maxDelete: DeleteLimit | undefined;
  /** The folder of the destination to which extras are moved; undefined: they are deleted. */
  readonly trash: string | undefined;
  /** Names that the destination refuses get others. */
  readonly renameInvalid: boolean;
  /** How long a share may be in trouble before the run ends, ms. */
  readonly shareTimeoutMs: number;
  /** A call on a share that takes longer is told of, ms. */
  readonly stallTimeoutMs: number;
  /** A run that deletes does not ask first. */
  readonly yes: boolean;
  /** The roots are taken as they are, though they are not those that the ledger knows. */
  readonly acceptRoots: boolean;
  /** Bytes of one block of a large file. */
  readonly blockSize: number;
  /** Block slots in the ring. */
  readonly queueCapacity: number;
  /** Lanes; 0: automatic. */
  readonly readers: number;
  readonly writers: number;
  readonly scanners: number;
  readonly dryRun: boolean;
  readonly verbose: boolean;
  /** Each change in rsync's letters. */
  readonly itemize: boolean;
  readonly progress: ProgressStyle;
  /** Undefined: nothing listens. */
  readonly metrics: MetricsSettings | undefined;
}

/** A file that a command writes. */
export interface SignedOutput {
  /** Absolute path; undefined: no file. */
  readonly output: string | undefined;
  /** Absolute path of the private key that signs the file, only with `output`. */
  readonly key: string | undefined;
}

/** What a doctor is told. */
export interface DoctorSettings {
  /** Absolute paths of the roots. */
  readonly source: string;
  readonly dest: string;
  /** Absolute path of the ledger of the pair, which need not be there where it was not named. */
  readonly ledger: string;
  readonly ledgerIsDefault: boolean;
  /** Walks the whole source. */
  readonly scan: boolean;
  readonly json: boolean;
  /** What gives no sign for so long hangs, ms. */
  readonly stallTimeoutMs: number;
}
