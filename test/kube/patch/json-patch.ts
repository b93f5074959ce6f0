import { badRequest, patchRejected } from "../api/api-error.ts";
import { equal, isObject, type Json, textAt } from "../api/json.ts";

/**
 * RFC 6902.
 * @throws ApiError 422 when an operation does not fit the object or a test fails, 400 when the patch is none
 */
export function applyJsonPatch(target: Json, patch: Json): Json {
  if (!Array.isArray(patch)) {
    throw badRequest("json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  }
  return patch.reduce<Json>((value, operation) => applyOperation(value, operation), structuredClone(target));
}

function applyOperation(target: Json, operation: Json): Json {
  const path = pointer(textAt(operation, "path"));
  const value = isObject(operation) ? operation["value"] : undefined;
  switch (textAt(operation, "op")) {
    case "add":
      return add(target, path, present(value));
    case "remove":
      return remove(target, path);
    case "replace":
      return add(exists(target, path) ? remove(target, path) : refuse(), path, present(value));
    case "move": {
      const from = pointer(textAt(operation, "from"));
      const moved = read(target, from);
      return add(remove(target, from), path, moved);
    }
    case "copy":
      return add(target, path, structuredClone(read(target, pointer(textAt(operation, "from")))));
    case "test":
      if (!equal(exists(target, path) ? read(target, path) : null, value ?? null)) refuse();
      return target;
    case undefined:
    default:
      return refuse();
  }
}

function refuse(): never {
  throw patchRejected();
}

function present(value: Json | undefined): Json {
  return value === undefined ? null : structuredClone(value);
}

function pointer(text: string | undefined): readonly string[] {
  if (text === undefined || (text !== "" && !text.startsWith("/"))) return refuse();
  return text
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function read(target: Json, path: readonly string[]): Json {
  let here: Json | undefined = target;
  for (const step of path) {
    if (Array.isArray(here)) here = here[index(step, here.length - 1)];
    else if (isObject(here)) here = Object.hasOwn(here, step) ? here[step] : undefined;
    else here = undefined;
    if (here === undefined) return refuse();
  }
  return here;
}

function exists(target: Json, path: readonly string[]): boolean {
  try {
    read(target, path);
    return true;
  } catch {
    return false;
  }
}

function add(target: Json, path: readonly string[], value: Json): Json {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = read(target, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(last === "-" ? parent.length : index(last, parent.length), 0, value);
  else if (isObject(parent)) parent[last] = value;
  else refuse();
  return target;
}

function remove(target: Json, path: readonly string[]): Json {
  const last = path.at(-1);
  if (last === undefined) return null;
  const parent = read(target, path.slice(0, -1));
  read(target, path);
  if (Array.isArray(parent)) parent.splice(index(last, parent.length - 1), 1);
  else if (isObject(parent)) delete parent[last];
  return target;
}

function index(step: string, highest: number): number {
  const at = /^(0|[1-9]\d*)$/.test(step) ? Number(step) : refuse();
  return at <= highest ? at : refuse();
}
