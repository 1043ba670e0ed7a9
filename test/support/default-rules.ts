import { parsePolicyFile } from '../../config/policy-file';

/** What holds without a policy file. */
export const { rules: defaultRules } = parsePolicyFile({});
