/** A lease as it is kept. */
export interface LeaseRecord {
  /** Empty: its holder has given it back. */
  readonly holder: string;
  /** How long after a renewal it is still held, in milliseconds. */
  readonly durationMs: number;
  /** Changes with each renewal. */
  readonly renewed: string;
  /** How often it has changed hands. */
  readonly transitions: number;
  /** Opaque; of the record that was read. */
  readonly version: string;
}

/** Where a lease is kept. */
export interface LeaseStore {
  /** The lease, undefined when there is none. Rejects when it cannot be read. */
  read(): Promise<LeaseRecord | undefined>;
  /** Creates it, or replaces the one that was read; undefined when somebody was faster. Rejects when it cannot be written. */
  write(
    lease: Omit<LeaseRecord, "version" | "renewed">,
    before: LeaseRecord | undefined,
  ): Promise<LeaseRecord | undefined>;
}
