/** Stylesheet, scripts and icon: served under a name that changes with the content, so that browsers may keep them. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { DAY_MS, SECOND_MS } from '../domain/duration';

const directory = join(__dirname, 'assets');
const KEPT_S = (365 * DAY_MS) / SECOND_MS;

interface Asset {
  readonly url: string;
  readonly type: string;
  readonly content: string;
}

function asset(name: string, type: string, content: string): Asset {
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 12);
  const [stem = '', extension = ''] = name.split('.');
  return { url: `/assets/${stem}.${hash}.${extension}`, type, content };
}

const contentOf = (...path: readonly string[]): string => readFileSync(join(directory, ...path), 'utf8');
const namesIn = (folder: string): readonly string[] => readdirSync(join(directory, folder)).toSorted();

const stylesheet = asset(
  'console.css',
  'text/css; charset=utf-8',
  namesIn('styles')
    .map((name) => contentOf('styles', name))
    .join('\n'),
);
const icon = asset('icon.svg', 'image/svg+xml', contentOf('icon.svg'));
const scripts = new Map(
  namesIn('scripts').map((name) => [name, asset(name, 'text/javascript; charset=utf-8', contentOf('scripts', name))]),
);

export const stylesheetUrl = stylesheet.url;
export const iconUrl = icon.url;

export function scriptUrl(name: string): string {
  const found = scripts.get(name);
  if (found === undefined) throw new Error(`There is no script ${name}`);
  return found.url;
}

export function addAssets(app: FastifyInstance): void {
  for (const { url, type, content } of [stylesheet, icon, ...scripts.values()]) {
    app.get(url, async (_request, reply) =>
      reply.header('cache-control', `public, max-age=${KEPT_S}, immutable`).type(type).send(content),
    );
  }
}
