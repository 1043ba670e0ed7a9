/** The header in which a provider hands the callback's capability back to us. */
export const CAPABILITY_HEADER = 'x-erasure-capability';
