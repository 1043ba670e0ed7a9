/** A deployment's keys, and what each of its processes would sign: for tests of what a certificate rests on. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seenIn, type FactKind, type ProviderWitness, type Witness } from '../../domain/fact/fact';
import { providerKeys, type Provider } from '../../domain/provider/provider-table';
import type { CallbackEvidence, Observation, Receipt, Withdrawal } from '../../domain/leg/receipt';
import type { Rules } from '../../domain/rules/rules';
import { defaultRules } from './default-rules';
import type { Terms } from '../../domain/rules/terms';
import { createFactSigner, type FactSigner } from '../../security/facts';
import {
  initKeys,
  readCertificateKeys,
  readFactKeys,
  readGatewayKeys,
  readProviderKeys,
} from '../../security/key-files';
import type { FactKeys } from '../../security/key-table';

export const REQUEST_ID = '6d0f6f0a-4a52-4d09-9a09-5b6d2d5f1c11';
export const RUN = '0198d1c2-7a10-7cc3-98c4-dc0c0c07398f';

export interface Circumstances {
  readonly at: number;
  readonly round?: number;
  readonly firstAskedAt: number;
  readonly askedBefore?: boolean;
  readonly run?: string;
  readonly requestId?: string;
  readonly filedBy?: string;
}

export class Witnesses {
  readonly directory: string;
  readonly factKeys: FactKeys;
  readonly #signers: Readonly<Record<Provider | 'gateway' | 'workflows', FactSigner>>;

  private constructor(directory: string, factKeys: FactKeys, signers: Witnesses['signers']) {
    this.directory = directory;
    this.factKeys = factKeys;
    this.#signers = signers;
  }

  static async open(): Promise<Witnesses> {
    const directory = join(await mkdtemp(join(tmpdir(), 'erasure-facts-')), 'keys');
    await initKeys({ directory, environment: 'test', now: Date.now() });
    const signers = providerKeys.map(
      async (key) => [key, createFactSigner(await readProviderKeys(directory, key))] as const,
    );
    return new Witnesses(directory, await readFactKeys(directory), {
      ...(Object.fromEntries(await Promise.all(signers)) as Record<Provider, FactSigner>),
      gateway: createFactSigner(await readGatewayKeys(directory)),
      workflows: createFactSigner(await readCertificateKeys(directory)),
    });
  }

  get signers(): Readonly<Record<Provider | 'gateway' | 'workflows', FactSigner>> {
    return this.#signers;
  }

  receipt(provider: Provider, receipt: Receipt, circumstances: Circumstances): Receipt {
    return { ...receipt, witness: this.provider(provider, { kind: 'receipt', content: receipt }, circumstances) };
  }

  observation(provider: Provider, observation: Observation, circumstances: Circumstances): Observation {
    const witness = this.provider(provider, { kind: 'observation', content: observation }, circumstances);
    return { ...observation, witness };
  }

  withdrawal(provider: Provider, withdrawal: Withdrawal, circumstances: Circumstances): Withdrawal {
    const witness = this.provider(provider, { kind: 'withdrawal', content: withdrawal }, circumstances);
    return { ...withdrawal, witness };
  }

  callback(provider: Provider, evidence: CallbackEvidence, at: number): CallbackEvidence {
    const fact = { kind: 'callback', requestId: REQUEST_ID, run: RUN, provider, content: evidence } as const;
    return { ...evidence, witness: this.#signers.gateway.sign(fact, at) };
  }

  terms(rules: Partial<Rules> = {}): Terms {
    const content = { rules: { ...defaultRules, ...rules } };
    const { approvalNeeded, decisionMode } = content.rules;
    return {
      ...content,
      isIndexed: false,
      witness: this.workflows('rules', content),
      approvalRuleWitness: this.workflows('approval-rule', { approvalNeeded, decisionMode }),
    };
  }

  provider(
    provider: Provider,
    fact: { readonly kind: FactKind; readonly content: object },
    circumstances: Circumstances,
  ): ProviderWitness {
    const {
      at,
      round = 1,
      firstAskedAt,
      askedBefore = false,
      run = RUN,
      requestId = REQUEST_ID,
      filedBy,
    } = circumstances;
    const more = { round, firstAskedAt, askedBefore, ...(filedBy === undefined ? {} : { filedBy }) };
    const content = seenIn(fact.content);
    return this.#signers[provider].sign({ kind: fact.kind, requestId, run, provider, content }, at, more);
  }

  workflows(kind: 'rules' | 'approval-rule', content: object, at = 0): Witness {
    return this.#signers.workflows.sign({ kind, requestId: REQUEST_ID, run: RUN, content }, at);
  }

  async close(): Promise<void> {
    await rm(join(this.directory, '..'), { recursive: true, force: true });
  }
}
