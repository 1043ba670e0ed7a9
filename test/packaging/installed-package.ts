/** The package as somebody else gets it: packed from a copy of the sources, and installed in an empty project. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

export const root = join(__dirname, '..', '..');
const notSources = ['.git', 'node_modules', 'dist', 'coverage', 'test', 'keys', 'certificates', 'examples'];

/** Whether packages can be had: some machines that run the tests have no way out. */
export function reachesRegistry(): boolean {
  try {
    const options = ['--prefer-online', '--fetch-retries=0', '--fetch-timeout=10000', '--loglevel=silent'];
    execFileSync('npm', ['view', 'zod', 'name', ...options], { stdio: 'ignore', timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

/** What one run of a program said. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Packages {
  readonly directory = mkdtempSync(join(tmpdir(), 'erasure-package-'));

  /** With its own build, so that what lies in `dist` of this checkout plays no part. */
  pack(): string {
    const copy = join(this.directory, 'sources');
    cpSync(root, copy, { recursive: true, filter: (path) => !notSources.some((name) => path === join(root, name)) });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    execFileSync('npm', ['pack', '--silent', '--pack-destination', this.directory], { cwd: copy, stdio: 'pipe' });
    const tarball = readdirSync(this.directory).find((name) => name.endsWith('.tgz'));
    if (tarball === undefined) throw new Error('npm pack has made no file');
    return join(this.directory, tarball);
  }

  install(name: string, tarball: string, options: readonly string[] = []): Project {
    const directory = join(this.directory, name);
    mkdirSync(directory);
    writeFileSync(join(directory, 'package.json'), JSON.stringify({ name, private: true }));
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    execFileSync('npm', ['install', ...quiet, ...options, tarball], { cwd: directory, stdio: 'pipe' });
    return new Project(directory);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export class Project {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  get installed(): string {
    return join(this.directory, 'node_modules', 'erasure-orchestrator');
  }

  write(file: string, content: string): void {
    writeFileSync(join(this.directory, file), content);
  }

  node(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Ran {
    return this.#run(process.execPath, args, environment);
  }

  /** By the name under which npm has installed it. */
  erasure(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Ran {
    return this.#run('npx', ['--no-install', 'erasure', ...args], { npm_config_loglevel: 'silent', ...environment });
  }

  #run(program: string, args: readonly string[], environment: Readonly<Record<string, string>>): Ran {
    try {
      const stdout = execFileSync(program, args, {
        cwd: this.directory,
        encoding: 'utf8',
        stdio: 'pipe',
        // Nothing of the developer's own but where npm and its cache are.
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
      });
      return { code: 0, stdout, stderr: '' };
    } catch (error) {
      const { status, stdout, stderr } = error as { status: number | null; stdout: string; stderr: string };
      if (status === null) throw new Error(`${basename(program)} did not end by itself`, { cause: error });
      return { code: status, stdout, stderr };
    }
  }
}
