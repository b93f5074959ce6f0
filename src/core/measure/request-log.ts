/**
 * What happened to each request of a load run, in columns.
 *
 * Columns of numbers instead of one object a request: a generator that records 1,000 requests a second for minutes
 * must not make its own collector pause, since such a pause would be measured as latency of the service.
 */

/** What became of a request so far: not answered yet, answered well, or lost. */
export const outcome = { pending: 0, ok: 1, failed: 2 } as const;

/** Number of different sites that one log can tell apart; a log never holds more. */
export const maxSites = 64;

/** Read-only view of a log, for everything that computes from it. Rows 0 to `count - 1` are valid. */
export interface RequestRows {
  readonly count: number;
  /** When the request was due, in ms from the start of the window: latency counts from here, however late it was sent. */
  readonly dueMs: Readonly<ArrayLike<number>>;
  /** When its last byte (or its failure) came, in ms from the start of the window; meaningless while pending. */
  readonly endedMs: Readonly<ArrayLike<number>>;
  /** One of the values of {@link outcome}. */
  readonly outcomes: Readonly<ArrayLike<number>>;
  /** Index into `siteNames` of the site that answered; meaningful for answered requests only. */
  readonly sites: Readonly<ArrayLike<number>>;
  readonly siteNames: readonly string[];
}

/** A log of fixed capacity: records in constant time and without allocation, and refuses a row beyond its capacity. */
export class RequestLog implements RequestRows {
  count = 0;
  readonly dueMs: Float64Array;
  readonly endedMs: Float64Array;
  readonly outcomes: Uint8Array;
  readonly sites: Uint8Array;
  readonly siteNames: string[] = [];

  /** @param capacity most requests that can be recorded, a positive integer. */
  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1)
      throw new RangeError(`capacity must be a positive integer, not ${capacity}`);
    this.dueMs = new Float64Array(capacity);
    this.endedMs = new Float64Array(capacity);
    this.outcomes = new Uint8Array(capacity);
    this.sites = new Uint8Array(capacity);
  }

  /** Most requests that this log can hold. */
  get capacity(): number {
    return this.dueMs.length;
  }

  /** Opens a pending row for a request due at `dueMs`; returns its row number. Throws a RangeError when full. */
  open(dueMs: number): number {
    if (this.count >= this.capacity) throw new RangeError(`the log is full: ${this.capacity} requests`);
    const row = this.count;
    this.dueMs[row] = dueMs;
    this.count = row + 1;
    return row;
  }

  /** Marks a pending row as answered well by `site` at `endedMs`; a row that has already ended stays as it is. */
  succeed(row: number, endedMs: number, site: string): boolean {
    if (!this.end(row, endedMs, outcome.ok)) return false;
    this.sites[row] = this.siteIndex(site);
    return true;
  }

  /** Marks a pending row as lost at `endedMs`; a row that has already ended stays as it is. */
  fail(row: number, endedMs: number): boolean {
    return this.end(row, endedMs, outcome.failed);
  }

  private end(row: number, endedMs: number, result: number): boolean {
    if (row < 0 || row >= this.count) throw new RangeError(`no row ${row} among ${this.count}`);
    if (this.outcomes[row] !== outcome.pending) return false;
    this.outcomes[row] = result;
    this.endedMs[row] = endedMs;
    return true;
  }

  private siteIndex(site: string): number {
    const known = this.siteNames.indexOf(site);
    if (known >= 0) return known;
    // A server that names itself differently in each answer must not make the log grow without bound.
    if (this.siteNames.length >= maxSites) return maxSites - 1;
    return this.siteNames.push(site) - 1;
  }
}
