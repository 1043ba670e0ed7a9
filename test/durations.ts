/** Compiled only, by `npm run typecheck`: without the path for `ms` in tsconfig.json every Temporal duration is `any`. */
import type { Duration } from '@temporalio/common';

export const wellSpelt: Duration = '2 hours';

// @ts-expect-error A misspelt unit is an error.
export const misspelt: Duration = '2 hors';
