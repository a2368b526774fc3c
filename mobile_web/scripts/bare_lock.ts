/** Takes out of package-lock.json all that is an address: the lock names packages and their hashes, nothing else. */
import { readFileSync, writeFileSync } from "node:fs";

interface Lock {
  packages: Record<string, Record<string, unknown>>;
}

const path = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(path, "utf8")) as Lock;
for (const entry of Object.values(lock.packages)) {
  delete entry["resolved"];
  delete entry["funding"];
}
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
