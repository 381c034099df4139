// The room on the disks, for all who want to know. A network mount that is gone never answers, and each question keeps one of the
// four threads by which this process writes its log, looks up names and stores evidence; so each lane of folders is asked
// once at a time, and nobody waits for it.

import { foldersOf, roomOf, type DiskSpace } from "../process/disk-space.ts";
import type { Settings } from "../process/settings.ts";
import { readingOf, type Reading } from "./reading.ts";

const limits = {
  /** A disk that answers does so at once, and an alert should clear as soon as there is room. */
  freshForMs: 0,
  /** Less than a scrape or the alerts wait: what one lane keeps back is no reason to lose the others. */
  withinMs: 500,
  now: () => performance.now(),
};

/** Makes the reading of every disk's room. Of a disk that hangs it has what was known last, and its age is that lane's. */
export function diskWatch(settings: Settings): Reading<readonly DiskSpace[]> {
  const lanes = foldersOf(settings).map((lane) => readingOf(() => roomOf(lane), limits));
  return {
    value: async () => (await Promise.all(lanes.map(({ value }) => value()))).flatMap((found) => found ?? []),
    ageSeconds: () => {
      const ages = lanes.map(({ ageSeconds }) => ageSeconds());
      return ages.some((age) => age === null) ? null : Math.max(...ages.map(Number));
    },
  };
}
