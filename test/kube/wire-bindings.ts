/**
 * Comparing a recorded answer with one of the double, where the two cannot be the same to the letter.
 * @module
 */
import { isObject, type Json, numberAt } from "./api/json.ts";

const UID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const ADDRESS = /^\d+\.\d+\.\d+\.\d+$/;
const TIME_FIELDS = new Set(["creationTimestamp", "deletionTimestamp", "time"]);

/**
 * What stands for what: a recorded uid, cluster address or resource version for one of the double. The first answer that
 * shows a pair binds it; from then on one may only stand where the other does. Resource versions also have to keep their
 * order. Times of metadata have to be times. Continue tokens have to hold the same once decoded.
 */
export class WireBindings {
  readonly #seen = new Map<string, string>();
  readonly #taken = new Map<string, string>();
  readonly #revisions: { readonly recorded: number; readonly seen: number }[] = [];

  /** A recorded text of a request, with the double's values in the places of the recorded ones. */
  translate(text: string): string {
    let translated = text;
    for (const [recorded, seen] of this.#seen) {
      const [kind = "", value = ""] = recorded.split(" ");
      const real = seen.split(" ")[1] ?? "";
      if (kind !== "revision") translated = translated.replaceAll(value, real);
      else {
        translated = translated
          .replaceAll(`resourceVersion=${value}`, `resourceVersion=${real}`)
          .replaceAll(`"resourceVersion":"${value}"`, `"resourceVersion":"${real}"`);
      }
    }
    return translated;
  }

  /** What is expected from the double where `recorded` was seen, given what it answered. */
  expected(recorded: Json, seen: Json | undefined, field = ""): Json {
    if (Array.isArray(recorded)) {
      return recorded.map((entry, index) => this.expected(entry, Array.isArray(seen) ? seen[index] : undefined, field));
    }
    if (isObject(recorded)) {
      const other = isObject(seen) ? seen : {};
      return Object.fromEntries(
        Object.entries(recorded).map(([name, value]) => [name, this.expected(value, other[name], name)]),
      );
    }
    return typeof recorded === "string" ? this.#text(recorded, typeof seen === "string" ? seen : "", field) : recorded;
  }

  #text(recorded: string, seen: string, field: string): string {
    if (TIME_FIELDS.has(field) && TIME.test(recorded)) return TIME.test(seen) ? seen : recorded;
    if (field === "uid" && UID.test(recorded)) return this.#bind("uid", recorded, seen, UID);
    if (field === "clusterIP" || field === "clusterIPs") return this.#bind("address", recorded, seen, ADDRESS);
    if (field === "resourceVersion") return this.#revision(recorded, seen);
    if (field === "continue" && recorded !== "") return this.#token(recorded, seen);
    if (field === "message") return this.#message(recorded, seen);
    return recorded;
  }

  #bind(kind: string, recorded: string, seen: string, form: RegExp): string {
    const known = this.#seen.get(`${kind} ${recorded}`);
    if (known !== undefined) return known.split(" ")[1] ?? "";
    const isFree = form.test(seen) && !this.#taken.has(`${kind} ${seen}`);
    if (!isFree) return recorded;
    this.#seen.set(`${kind} ${recorded}`, `${kind} ${seen}`);
    this.#taken.set(`${kind} ${seen}`, recorded);
    return seen;
  }

  #revision(recorded: string, seen: string): string {
    const bound = this.#bind("revision", recorded, seen, /^\d+$/);
    const pair = { recorded: Number(recorded), seen: Number(bound) };
    const broken = this.#revisions.find(
      (other) => Math.sign(pair.seen - other.seen) !== Math.sign(pair.recorded - other.recorded),
    );
    if (broken !== undefined) return `a version that is to ${broken.seen} as ${recorded} to ${broken.recorded}`;
    this.#revisions.push(pair);
    return bound;
  }

  #token(recorded: string, seen: string): string {
    const decode = (token: string): Json => JSON.parse(Buffer.from(token, "base64url").toString("utf8")) as Json;
    const [before, after] = [decode(recorded), decode(seen)];
    if (!isObject(before) || !isObject(after) || after["start"] !== before["start"]) return recorded;
    const [rv, other] = [numberAt(before, "rv") ?? 0, numberAt(after, "rv") ?? 0];
    if (this.#revision(String(rv), String(other)) !== String(other)) return recorded;
    return this.#bind("token", recorded, seen, /./);
  }

  #message(recorded: string, seen: string): string {
    const oldest = /^too old resource version: (\d+) \((\d+)\)$/;
    const [before, after] = [oldest.exec(recorded), oldest.exec(seen)];
    if (before === null || after === null) return this.translate(recorded);
    return `too old resource version: ${before[1]} (${this.#revision(before[2] ?? "", after[2] ?? "")})`;
  }
}
