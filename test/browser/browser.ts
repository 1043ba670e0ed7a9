/** A real browser: Chromium of this machine. */
import { execFileSync } from 'node:child_process';
import { chromium, type Browser } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

function found(): string | undefined {
  const given = process.env['ERASURE_BROWSER'];
  if (given !== undefined && given !== '') return given;
  for (const name of names) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8' }).trim();
    } catch {
      // Not this one.
    }
  }
  return undefined;
}

const executablePath = found();
if (executablePath === undefined && process.env['CI'] === 'true') {
  throw new Error(
    `No browser for the tests of the console: install chromium, or name one in ERASURE_BROWSER (${names.join(', ')})`,
  );
}

/** `describe` where there is a browser; elsewhere the tests are skipped, which jest says. */
export const describeInBrowser = executablePath === undefined ? describe.skip : describe;

export function openBrowser(): Promise<Browser> {
  if (executablePath === undefined) throw new Error('There is no browser');
  // Root, as in containers, has no sandbox of its own; and all pages are ours.
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}
