import type { CatalogMessage } from "../../model/catalog.ts";
import type { ServicePortKey } from "../../model/service-key.ts";
import type { ServiceReport } from "../../model/service-report.ts";
import type { ServiceStatus } from "../../model/status.ts";

/** What Envoy refuses is no event of a service: what was missed is told after this long, in milliseconds. */
const SWEEP_MS = 5_000;

/** Tells the controllers of the site how services are; of each only what they have not heard yet. */
export class ServiceReports {
  readonly #statuses: () => readonly ServiceStatus[];
  readonly #tell: (message: CatalogMessage) => void;
  readonly #told = new Map<ServicePortKey, string>();
  readonly #sweep: NodeJS.Timeout;

  constructor(sources: {
    /** Of all services. */
    statuses(): readonly ServiceStatus[];
    tell(message: CatalogMessage): void;
  }) {
    this.#statuses = () => sources.statuses();
    this.#tell = (message) => sources.tell(message);
    this.#sweep = setInterval(() => this.update(this.#statuses()), SWEEP_MS);
  }

  /** Tells what is new of these services. */
  update(statuses: readonly ServiceStatus[]): void {
    for (const status of statuses) {
      const report = reportOf(status);
      const text = JSON.stringify(report);
      if (this.#told.get(status.service) === text) continue;
      this.#told.set(status.service, text);
      this.#tell({ type: "report", service: status.service, report });
    }
  }

  /** There is no such service any more. */
  remove(service: ServicePortKey): void {
    if (this.#told.delete(service)) this.#tell({ type: "report", service, report: null });
  }

  /** Everything, for who has heard nothing yet. */
  all(): readonly CatalogMessage[] {
    return this.#statuses().map((status) => ({ type: "report", service: status.service, report: reportOf(status) }));
  }

  /** Tells nothing any more. */
  close(): void {
    clearInterval(this.#sweep);
  }
}

function reportOf(status: ServiceStatus): ServiceReport {
  const { servingSite, sites, check, checkIntervalMs, lastFailover, conditions } = status;
  return {
    servingSite,
    sites: [...sites],
    check,
    checkIntervalMs,
    ...(lastFailover === undefined ? {} : { lastFailover }),
    conditions: [...conditions],
  };
}
