/**
 * Objects of a site from the text of its files, for tests.
 * @module
 */
import { type LocatedObject, ObjectIndex } from "../../src/adapters/objects/object-index.ts";
import { parseManifest } from "../../src/adapters/files/parse-manifest.ts";

/**
 * All objects of some files, by their names.
 * @throws Error when a file is not valid
 */
export function objectsOf(files: Readonly<Record<string, string>>): ObjectIndex {
  const index = new ObjectIndex();
  index.replaceAll(Object.entries(files).map(([file, text]) => [file, locatedObjects(file, text)] as const));
  return index;
}

/**
 * The objects of one file.
 * @throws Error when it is not valid
 */
export function locatedObjects(file: string, text: string): readonly LocatedObject[] {
  const parsed = parseManifest(file, text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

/** A Service of the namespace `shop` with one port, 80. @param listen its annotation */
export function serviceText(name: string, listen?: string): string {
  const annotations = listen === undefined ? "" : `, annotations: {tandem.dev/listen: "${listen}"}`;
  return `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: shop${annotations}}\nspec: {ports: [{port: 80, appProtocol: http}]}\n---\n`;
}

/** A policy of the namespace `shop` for the Service of the same name. */
export function policyText(name: string, sites = "[{name: west}, {name: east}]"): string {
  return `apiVersion: tandem.dev/v1alpha1\nkind: FailoverPolicy\nmetadata: {name: ${name}, namespace: shop}\nspec: {targetRefs: [{kind: Service, name: ${name}}], sites: ${sites}}\n---\n`;
}

/** A Switch of the namespace `shop` for the Service `web`. @param fields further fields of the spec, and of metadata */
export function switchText(
  name: string,
  to: string,
  fields: { readonly spec?: string; readonly metadata?: string; readonly target?: string } = {},
): string {
  const { spec = "", metadata = "", target = "web" } = fields;
  return `apiVersion: tandem.dev/v1alpha1\nkind: Switch\nmetadata: {name: ${name}, namespace: shop${metadata}}\nspec: {targetRef: {kind: Service, name: ${target}}, to: ${to}${spec}}\n---\n`;
}
