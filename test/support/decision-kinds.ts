import { decisionKinds, type RequestDecisionKind } from '../../domain/decision/decision-table';
import { isAboutProvider } from '../../domain/decision/decision';

export const requestDecisionKinds = decisionKinds.filter((kind): kind is RequestDecisionKind => !isAboutProvider(kind));
