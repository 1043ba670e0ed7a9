/** Another build of the product, as a release would bring it: the same, and a step in the workflow that only new runs take. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const BUILD_MS_MAX = 180_000;
const flow = join('workflows', 'erasure-request.js');
const start = /async function erasureRequest\(input\) \{/;

/** `number`: the n-th changed build has the changes of those before it, as releases have. Returns where its programs are. */
export async function buildChanged(directory: string, number: number): Promise<string> {
  const programs = join(__dirname, '..');
  const root = join(directory, `build-${number}`);
  const copy = join(root, 'dist');
  await mkdir(root, { recursive: true });
  await cp(programs, copy, { recursive: true });
  await cp(join(programs, '..', 'package.json'), join(root, 'package.json'));
  await symlink(join(programs, '..', 'node_modules'), join(root, 'node_modules'));
  const asks = Array.from({ length: number }, (_, index) => `(0, patching.patched)('fault-suite-${index + 1}');`);
  const compiled = await readFile(join(copy, flow), 'utf8');
  if (!start.test(compiled)) throw new Error(`${flow} has no erasureRequest to change`);
  await writeFile(
    join(copy, flow),
    compiled.replace(start, (found) => `const patching = require('@temporalio/workflow');\n${found} ${asks.join(' ')}`),
  );
  await promisify(execFile)(process.execPath, [join(copy, 'worker', 'build-workflow-bundle.js')], {
    timeout: BUILD_MS_MAX,
  });
  return copy;
}
