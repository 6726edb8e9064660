// Pages that people see of a plugin in a browser: folders of static files.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

const PATH = "/.pages/";

// files has each file of a folder by its path within it.
function files(folder) {
  const found = readdirSync(folder, { recursive: true }).filter((file) => statSync(path.join(folder, file)).isFile()).sort();
  return new Map(found.map((file) => [file.split(path.sep).join("/"), path.join(folder, file)]));
}

export function described({ name, title, needs, forEverybody, folder }, mistakes) {
  let digest = "";
  try {
    const all = files(folder);
    if (!all.has("index.html")) {
      mistakes.push(`page ${name} needs an index.html in ${folder}`);
    }
    const sum = createHash("sha256");
    for (const [file, at] of all) {
      const content = readFileSync(at);
      sum.update(`${Buffer.byteLength(file)} ${file} ${content.length} `).update(content);
    }
    digest = sum.digest("hex").slice(0, 32);
  } catch (error) {
    mistakes.push(`page ${name} cannot be read: ${error.message}`);
  }
  if (!title) {
    mistakes.push(`page ${name} has no title`);
  }
  return { name, title, needs, forEverybody, digest };
}

// fileOf hands out a file of a page, and undefined for a request for something else. Only
// what was found in the folder has a name there, so no name leads out of it.
export function fileOf(pages, { target }) {
  const at = decodeURIComponent(target.split("?")[0]);
  if (!at.startsWith(PATH)) {
    return undefined;
  }
  const [name, ...rest] = at.slice(PATH.length).split("/");
  const page = pages.find((p) => p.name === name);
  const file = page && files(page.folder).get(rest.join("/"));
  return file ? new Response(readFileSync(file)) : new Response("There is no such file.", { status: 404 });
}
