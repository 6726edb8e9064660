import { accessSync, constants } from "node:fs";
import path from "node:path";

// findXRM is the path of the program xrm: that of XRM_BIN, or the first in PATH.
export function findXRM() {
  const candidates = process.env.XRM_BIN ? [process.env.XRM_BIN] : (process.env.PATH ?? "").split(path.delimiter).map((folder) => path.join(folder, "xrm"));
  const found = candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found) {
    throw new Error("there is no xrm to be the host of the plugin: put it into PATH, or let XRM_BIN name it");
  }
  return found;
}
