// Writes dist/script.js.gz and dist/style.css.gz, which the program embeds.
import { build } from "esbuild";
import { mkdir, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const { outputFiles, warnings } = await build({
  entryPoints: { page: "main.jsx" },
  outdir: "dist",
  bundle: true,
  minify: true,
  write: false,
  format: "iife",
  target: "es2022",
  jsx: "automatic",
  legalComments: "eof",
  define: { "process.env.NODE_ENV": '"production"' },
  loader: { ".woff2": "dataurl", ".woff": "dataurl", ".svg": "dataurl" },
});
if (warnings.length > 0) throw new Error(JSON.stringify(warnings, null, 2));

await mkdir("dist", { recursive: true });
for (const file of outputFiles) {
  const name = file.path.endsWith(".css") ? "style.css" : "script.js";
  // GraphiQL brings two font families as data; page.css names the reader's own.
  const text = file.text.replace(/@font-face\s*\{[^}]*\}/g, "");
  const packed = gzipSync(text, { level: 9 });
  await writeFile(`dist/${name}.gz`, packed);
  console.log(`dist/${name}.gz`, packed.length, "bytes, unpacked", text.length);
}
