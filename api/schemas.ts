/** The shapes of answers, for the description of the API. Tests hold every real answer against them. */
import { z } from 'zod';
import { decisionKinds } from '../domain/decision/decision-table';
import { providerKeys } from '../domain/provider/provider-table';
import { requestOutcomeMeaning, type RequestOutcome } from '../domain/leg/outcome';
import { blockers } from '../domain/request/search-values';
import { requestStates } from '../client/filters';
import { problems, type ProblemCode } from './problem';

const outcomes = Object.keys(requestOutcomeMeaning) as [RequestOutcome, ...RequestOutcome[]];
const provider = z.enum(providerKeys);
const instant = z.iso.datetime({ offset: true });
const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);

export const requestIdParameter = z.object({
  requestId: uuid.meta({ description: 'The request id: a lower case UUID' }),
});

export const fieldProblem = z
  .object({
    field: z.string().meta({ description: 'The path of the field, e.g. subject.person.personId' }),
    problem: z.string().meta({ description: 'One sentence, without what stands there' }),
  })
  .meta({ id: 'FieldProblem' });

export const problemShape = z
  .object({
    type: z.string().meta({ description: 'urn:erasure:problem: and the code' }),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
    detail: z.string().optional(),
    errors: z.array(fieldProblem).optional(),
    callId: z.string().meta({ description: 'Names this call in the log of the server' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });

export const filed = z
  .object({
    requestId: uuid,
    workflowId: z.string(),
    runId: z.string(),
    duplicate: z.boolean().meta({ description: 'The same request had been filed before: nothing was started' }),
    warnings: z.array(fieldProblem),
  })
  .meta({ id: 'Filed' });

export const listedRequest = z
  .object({
    requestId: uuid,
    state: z.enum(requestStates as [string, ...string[]]).meta({ description: 'As Temporal’s index has it' }),
    startedAt: instant,
    closedAt: instant.optional(),
    dueAt: instant.optional().meta({ description: 'The last moment of the law’s day for the answer' }),
    providers: z.array(provider).optional(),
    blockedOn: z
      .array(z.enum(blockers as [string, ...string[]]))
      .optional()
      .meta({ description: 'What it waits for beside its windows; empty where nothing is wrong' }),
  })
  .meta({ id: 'ListedRequest' });

export const requestList = z
  .object({
    requests: z.array(listedRequest),
    cursor: z.string().optional().meta({ description: 'Leads to the next page; absent on the last one' }),
  })
  .meta({ id: 'RequestList' });

export const providerStatus = z
  .looseObject({
    provider,
    state: z.string(),
    waitsFor: z.string(),
    until: instant.optional(),
    youCan: z.string().optional(),
    outcome: z.string().optional(),
    assurance: z.string().optional(),
  })
  .meta({ id: 'ProviderStatus', description: 'What one provider waits for, until when, and what staff can do' });

export const dueShape = z
  .looseObject({ on: z.iso.date(), at: instant, status: z.string(), rule: z.string() })
  .meta({ id: 'Due', description: 'By when the person is to be answered, and how it stands' });

const outcome = z.enum(outcomes).optional();

export const requestShape = z
  .looseObject({
    requestId: uuid,
    state: z.enum(requestStates as [string, ...string[]]),
    startedAt: instant.optional(),
    closedAt: instant.optional(),
    todo: z.array(z.string()).optional().meta({ description: 'What is to be done, most urgent first' }),
    blockedOn: z.array(z.string()).optional(),
    due: dueShape.optional(),
    noDueDate: z.string().optional(),
    providers: z.array(providerStatus).optional(),
    outcome,
    certificate: z.string().optional().meta({ description: 'Compact JWS' }),
  })
  .meta({ id: 'Request', description: 'The same as erasure status --json' });

export const certificateShape = z
  .object({
    requestId: uuid,
    certificate: z.string().meta({ description: 'Compact JWS' }),
    claims: z.looseObject({}).meta({ description: 'What it says. Not checked here: check the signature' }),
  })
  .meta({ id: 'Certificate' });

export const previewShape = z
  .object({
    requestId: uuid.optional(),
    warnings: z.array(fieldProblem),
    approvalNeeded: z.boolean(),
    due: z
      .object({
        rule: z.string(),
        on: z.iso.date(),
        at: instant,
        aimOn: z.iso.date(),
        timeZone: z.string(),
        calendar: z.string(),
      })
      .optional(),
    noDueDate: z.string().optional(),
    providers: z.array(
      z.object({
        provider,
        name: z.string(),
        windowMs: z.int().optional().meta({ description: 'Absent where only its answer tells' }),
        endsAt: instant.optional().meta({ description: 'When its answer is known at the latest, if asked now' }),
      }),
    ),
    canBeMet: z
      .boolean()
      .optional()
      .meta({ description: 'Whether every provider can be known to have erased in time' }),
    remarks: z.array(z.string()),
  })
  .meta({ id: 'Preview' });

export const batchRow = z
  .object({
    line: z.int(),
    requestId: uuid.optional(),
    result: z.enum(['new', 'duplicate', 'failed', 'rejected']),
    problems: z.array(fieldProblem),
    warnings: z.array(fieldProblem).optional(),
  })
  .meta({ id: 'BatchRow', description: 'What became of one row' });

export const batchEnd = z
  .object({
    end: z.enum(['complete', 'stopped', 'unreadable', 'temporal-unavailable']),
    rows: z.int(),
    new: z.int(),
    duplicate: z.int(),
    failed: z.int(),
    rejected: z.int(),
    detail: z.string().optional(),
  })
  .meta({ id: 'BatchEnd', description: 'The last line. Without it the batch was broken off: send it again' });

export const signedDecision = z
  .object({ token: z.string(), tokenId: z.string(), expiresAt: instant })
  .meta({ id: 'SignedDecision' });

export const decisionToSign = z
  .strictObject({
    requestId: uuid,
    run: uuid.meta({ description: 'The run that the request was started as' }),
    kind: z.enum(decisionKinds as [string, ...string[]]),
    content: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'DecisionToSign' });

export const reportShape = z
  .looseObject({ from: instant, to: instant, madeAt: instant, all: z.looseObject({}) })
  .meta({ id: 'Report', description: 'The same as erasure report --format json' });
