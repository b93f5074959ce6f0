import { stat } from "node:fs/promises";
import { Command } from "commander";
import { isSnapshotFile, writeSnapshotFile } from "../../../adapters/files/snapshot-file.ts";
import { liveObjects, type ReadCounts, reportRefused } from "../assess/live-objects.ts";
import { counted } from "../output.ts";
import type { Invocation } from "../typed-command.ts";
import { clusterClient, type ClusterOptions, clusterOptions } from "./cluster-options.ts";
import { refuseProblems } from "./options.ts";

interface SnapshotOptions extends ClusterOptions {
  readonly output: string;
}

/** `tandem snapshot --context CLUSTER -o FILE`. */
export function snapshotCommand(invocation: Invocation): Command {
  const command = new Command("snapshot")
    .description("Write what a cluster holds to a file, for tandem simulate and tandem audit: read only")
    .requiredOption("-o, --output <file>", "file to write, whose name ends in .zst");
  for (const option of clusterOptions()) command.addOption(option);
  const { typed } = invocation;
  const context = invocation.meansCluster ? "" : " --context west";
  return command
    .addHelpText(
      "after",
      `
Values of Secrets, ConfigMaps and environment variables are left out; of Secrets and ConfigMaps nothing but the metadata is
asked for. What may not be read is named and left out, unless it is nodes or pods. The file is JSON, one object a line,
compressed with zstd.

Examples:
  ${typed} snapshot${context} -o snap.json.zst
  tandem simulate snap.json.zst --lose zone=eu-1a
  tandem audit snap.json.zst
  zstdcat snap.json.zst | head -1`,
    )
    .action(async (options: SnapshotOptions) => {
      const { output } = options;
      refuseProblems(isSnapshotFile(output) ? [] : [`--output ${output}: must end in .zst, as it is compressed`]);
      const client = await clusterClient(options, invocation);
      let counts: ReadCounts = { objects: new Map(), refused: [] };
      const head = { takenAt: new Date().toISOString(), server: client.server };
      await writeSnapshotFile(
        output,
        head,
        liveObjects(client, (all) => (counts = all)),
      );
      reportRefused(counts);
      const { size } = await stat(output);
      process.stdout.write(`${summary(output, size, counts)}\n`);
    });
}

function summary(output: string, bytes: number, { objects }: ReadCounts): string {
  const all = [...objects.values()].reduce((sum, count) => sum + count, 0);
  const [nodes, pods] = [objects.get("Node") ?? 0, objects.get("Pod") ?? 0];
  return [
    `${output}: ${counted(all, "object")}, of them ${counted(nodes, "node")} and ${counted(pods, "pod")}, ${Math.ceil(bytes / 1024)} KiB`,
    "",
    "Next:",
    `  tandem simulate ${output} --each zone`,
    `  tandem audit ${output}`,
  ].join("\n");
}
