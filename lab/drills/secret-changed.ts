// Somebody replaces the stack's secret of tokens on its disk, and does not tell the stack: who signs with the new one from now on.

import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { jwtSecretFile } from "../../dispatch/ops/stack/secret-file.ts";
import { HttpSpeaker } from "../demo/http-speaker.ts";
import { ageSignals } from "./age-signals.ts";
import { workStopsMs, type Drill } from "./drill.ts";

const calls = 6;

export const secretChanged: Drill = {
  name: "secret-changed",
  about: "the file of the stack's token secret is replaced, and nothing is started again",
  told: { by: /SECRET|supervisor: .*secret|AUTH_POLICY_FAILURE_SPIKE|health .*secret/i, withinMs: workStopsMs },
  reads: { must: [/secret|AUTH_POLICY_FAILURE_SPIKE/i], mustNot: [/postgres: (?!ok)/, /alerts: none fires/] },
  runbook: "ops/runbooks/auth_policy_failure.md",
  walks: ["How to confirm"],
  seconds: 45,
  async provoke(ground) {
    const path = jwtSecretFile(ground.dataDir);
    const old = await readFile(path, "utf8");
    const secret = randomBytes(32).toString("hex");
    await writeFile(path, `${secret}\n`);
    const dispatcher = { id: "drill-token", label: "drill-token", role: "dispatcher" } as const;
    const speaker = new HttpSpeaker(ground.url, { kind: "token", secret }, dispatcher);
    const isObeyed = () => speaker.reads("dispatcher.cockpit", {}, { limit: "1" }).then(() => true, refused);
    for (let n = 0; n < calls; n++) await isObeyed();
    return {
      isWell: async () => {
        const well = await isObeyed();
        if (well) await ageSignals(ground.sql);
        return well;
      },
      undo: async () => {
        if (!(await isObeyed())) await writeFile(path, old);
      },
    };
  },
  mend: { by: "itself" },
};

function refused(error: unknown): false {
  if (error instanceof CommandFailure) return false;
  throw error;
}
