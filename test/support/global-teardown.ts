import { rm } from 'node:fs/promises';
import { handles } from './global-handles';

export default async function globalTeardown(): Promise<void> {
  await handles.engine?.stop();
  if (handles.directory !== undefined) await rm(handles.directory, { recursive: true, force: true });
}
