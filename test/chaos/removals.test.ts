/** What is removed to prove the suite is in the product once: where the product has changed, the removal must follow. */
import { patched, removals } from '../../chaos/removals';

describe('a removal', () => {
  const patch = { file: 'some/module.js', find: 'check(it);', put: '' };

  it('applies where its text is there once', () => {
    expect(patched('a(); check(it); b();', patch)).toBe('a();  b();');
  });

  it.each(['a(); b();', 'check(it); check(it);'])('fails loudly on %s', (text) => {
    expect(() => patched(text, patch)).toThrow('some/module.js');
  });

  it('is there for each guard that the suite must miss', () => {
    expect(removals.map(({ name }) => name)).toEqual([
      'window wait',
      'second look',
      'deduplication',
      'idempotent start',
      'signature check',
    ]);
  });
});
