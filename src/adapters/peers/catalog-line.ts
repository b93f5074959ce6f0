/**
 * Lines of a catalog stream: of this version, of a newer one, or damaged.
 * @module
 */
import { z } from "zod";
import { CatalogMessage } from "../../model/catalog.ts";

/** A line longer than this is cut, in characters. */
const LONGEST_LINE = 256 * 1024;

const TYPES: ReadonlySet<string> = new Set(CatalogMessage.options.map((option) => option.shape.type.value));

const Line = z.object({ type: z.string() });

/** What a line says: a message, or what is wrong with it. Neither for a type that only a newer version knows. */
export interface ParsedLine {
  readonly message?: CatalogMessage;
  readonly problem?: string;
}

/** Reads a line. */
export function parseLine(line: string): ParsedLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return { problem: String(error) };
  }
  const named = Line.safeParse(value);
  if (!named.success) return { problem: "it has no type" };
  if (!TYPES.has(named.data.type)) return {};
  const parsed = CatalogMessage.safeParse(value);
  if (parsed.success) return { message: parsed.data };
  const [issue] = parsed.error.issues;
  return { problem: `${named.data.type}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}` };
}

/** The lines of a stream, empty ones left out. */
export async function* linesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  /** The end of a line whose beginning was too long already is passed over. */
  let cut = false;
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (lines.length > 0 && cut) {
      lines.shift();
      cut = false;
    }
    for (const line of lines) if (line !== "") yield line;
    if (rest.length <= LONGEST_LINE && !cut) continue;
    if (!cut) yield rest;
    rest = "";
    cut = true;
  }
}
