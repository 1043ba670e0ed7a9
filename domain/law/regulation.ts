/** Under which law a request is made. */
import { isMatch } from '../text';

/** The laws whose time limits we know. */
export const regulations = ['gdpr', 'uk-gdpr', 'ccpa', 'vcdpa', 'ctdpa', 'tdpsa', 'fdbr'] as const;
/** A law that a company's policy file defines. Only its form is checked here: the workers know which there are. */
export type OwnLaw = `own:${string}`;
/** The law the request is made under. */
export type Regulation = (typeof regulations)[number] | OwnLaw;

const ownLawPattern = /^own:[a-z0-9]+(-[a-z0-9]+)*$/;
const OWN_LAW_LENGTH_MAX = 44;

export function isOwnLaw(value: unknown): value is OwnLaw {
  return isMatch(value, ownLawPattern) && value.length <= OWN_LAW_LENGTH_MAX;
}

export function isRegulation(value: unknown): value is Regulation {
  return regulations.some((known) => known === value) || isOwnLaw(value);
}

export const expectedRegulation = `expected one of ${regulations.join(', ')}, or own:<code> as the policy file names it`;
