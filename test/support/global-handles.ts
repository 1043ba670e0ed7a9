import type { Engine } from '../../local/engine/engine';

/** What the set-up hands to the tear-down: both run in the same process. */
export const handles: { engine?: Engine; directory?: string } = ((
  globalThis as { erasureTestHandles?: object }
).erasureTestHandles ??= {});
