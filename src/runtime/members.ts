import type { SiteRecord } from "../model/catalog.ts";

/** The site records of members, by name; the newer of two counts, and a name never changes its authority. */
export class Members {
  readonly #sites = new Map<string, SiteRecord>();

  /** All members known besides the own site. */
  all(): readonly SiteRecord[] {
    return [...this.#sites.values()];
  }

  /** A member by name. */
  get(name: string): SiteRecord | undefined {
    return this.#sites.get(name);
  }

  /** Takes in a record; says whether it is news. One that gives a known name another authority is refused. */
  take(record: SiteRecord): boolean {
    const known = this.#sites.get(record.name);
    if (known !== undefined && (known.at >= record.at || known.trustBundle !== record.trustBundle)) return false;
    this.#sites.set(record.name, record);
    return true;
  }
}
