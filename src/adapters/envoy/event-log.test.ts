import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EventLog } from "./event-log.ts";

let directory: string;
let path: string;
let log: EventLog;
/** Endpoints of the events that were taken. */
let taken: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tandem-events-"));
  path = join(directory, "events.log");
  taken = [];
  log = new EventLog(
    path,
    (event) => taken.push(event.endpoint),
    (error) => expect.fail(String(error)),
  );
});

afterEach(async () => {
  vi.useRealTimers();
  await log.close();
  await rm(directory, { recursive: true });
});

const event = (port: number): string =>
  `{"health_checker_type":"HTTP","host":{"socket_address":{"address":"127.0.1.1","port_value":${port}}},"cluster_name":"out/shop/web/80","timestamp":"2026-11-21T05:04:30.240Z","add_healthy_event":{}}\n`;

/** Lets the slow look come round until the events of these ports were taken. */
async function untilTaken(...ports: readonly number[]): Promise<void> {
  await vi.waitFor(
    () => {
      vi.advanceTimersByTime(5_000);
      expect(taken).toEqual(ports.map((port) => `127.0.1.1:${port}`));
    },
    { timeout: 5_000, interval: 20 },
  );
}

test("what is appended is taken, what was there before is not", async () => {
  await writeFile(path, event(1));
  await log.open();
  await appendFile(path, event(2) + event(3));
  await vi.waitFor(() => expect(taken).toEqual(["127.0.1.1:2", "127.0.1.1:3"]), { timeout: 5_000 });
});

test("a file that is emptied is followed from its start", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  await writeFile(path, event(1) + event(1));
  await log.open();
  await truncate(path);
  await appendFile(path, event(2));
  await untilTaken(2);
});

test("a file that was removed and made anew is followed, and what stood in the old one is not lost", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  await log.open();
  await appendFile(path, event(1));
  await rename(path, `${path}.old`);
  await untilTaken(1);
  await writeFile(path, event(2));
  await untilTaken(1, 2);
  await appendFile(path, event(3));
  await untilTaken(1, 2, 3);
});
