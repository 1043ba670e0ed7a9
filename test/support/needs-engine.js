/** Tells the tests that need a Temporal server or the compiled programs from those that run without: by what they import. */
const { existsSync, readdirSync, readFileSync } = require('node:fs');
const { dirname, join, resolve } = require('node:path');

/** What test/support/global-setup.ts leaves to the tests, and what starts a server of its own. */
const marks = /TEST_TEMPORAL_ADDRESS|TEST_PROGRAMS|TEST_WORKFLOW_BUNDLE|\bstartEngine\(/;
const known = new Map();

function needsEngine(file) {
  const found = known.get(file);
  if (found !== undefined) return found;
  const text = readFileSync(file, 'utf8');
  // Also against imports in a circle.
  known.set(file, marks.test(text));
  const imported = [...text.matchAll(/from '(\.[^']*)'/g)]
    .map(([, path]) => `${resolve(dirname(file), path)}.ts`)
    .filter((path) => path.startsWith(join(__dirname, '..')) && existsSync(path));
  if (!known.get(file)) known.set(file, imported.some(needsEngine));
  return known.get(file);
}

/** The test files under `directory` that need it, as absolute paths. */
exports.testsThatNeedEngine = (directory) =>
  readdirSync(directory, { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(directory, name))
    .filter(needsEngine);
