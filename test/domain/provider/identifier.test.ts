import fc from 'fast-check';
import { identifierProblem, identifierWarnings, placeholders, sharedNames } from '../../../domain/provider/identifier';
import { providerKeys, type Provider } from '../../../domain/provider/provider-table';

const uuid = '3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11';
const refused = (identifier: string, provider: Provider = 'aptrinsic') => identifierProblem(provider, identifier);
/** Both of them: what is refused is not warned of. */
const judge = (provider: Provider, identifier: string) => {
  const problem = identifierProblem(provider, identifier);
  return problem === undefined ? { warnings: identifierWarnings(provider, identifier) } : { problem, warnings: [] };
};

describe('an identifier that is refused', () => {
  it.each(placeholders)('is the placeholder %j, in any case and wrapping', (word) => {
    for (const provider of ['measureone', 'aptrinsic'] as const) {
      for (const text of [
        word,
        word.toUpperCase(),
        word.toLowerCase(),
        `"${word}"`,
        `(${word})`,
        `<${word}>`,
        `[${word}]`,
      ]) {
        expect(refused(text, provider)).toBe('is a placeholder, or a name that stands for many people');
      }
    }
  });

  it.each(
    [
      // Spreadsheets, in several languages.
      ['#N/A', '#REF!', '#NULL!', '#DIV/0!', '#VALUE!', '#NAME?', '#NUM!', '#SPILL!', '#CALC!', '#BUSY!', '#CONNECT!'],
      [
        '#GETTING_DATA',
        '#NV',
        '#WERT!',
        '#BEZUG!',
        '#N/D',
        '#¡REF!',
        '#¿NOMBRE?',
        '#Н/Д',
        '#####',
        'Err:502',
        '#ERROR!',
      ],
      ['=A1', '="00123"', '=VLOOKUP(A1;B:C;2)'],
      // Nothing, in other words.
      [
        '0',
        '00',
        '0.0',
        '0x0',
        '-',
        '--',
        '—',
        '.',
        '..',
        '...',
        '?',
        '*',
        '_',
        '[]',
        '{}',
        '""',
        "''",
        '-1',
        '-999',
        '\\N',
      ],
      [
        '00000000-0000-0000-0000-000000000000',
        'ffffffff-ffff-ffff-ffff-ffffffffffff',
        '$null$',
        'not_available',
        'not-set',
      ],
      // What programs print for what they could not.
      ['[object Object]', '[object Undefined]', 'user [object Object]', 'function () { [native code] }', '() => id'],
      [
        'undefined@example.org',
        'null@null',
        'none@none.com',
        'undefined_undefined',
        'acme:undefined',
        'user-undefined',
      ],
      // Templates that were not filled in.
      [
        '{{id}}',
        '{{ user.id }}',
        '${id}',
        '#{id}',
        '{id}',
        '<id>',
        '<%= id %>',
        '%s',
        '%d',
        '%(id)s',
        '%USERID%',
        ':id',
      ],
      [
        '$1',
        '$user',
        '__ID__',
        '*|EMAIL|*',
        '%%emailaddr%%',
        '[[id]]',
        '{% id %}',
        '$(id)',
        '%7B%7Bid%7D%7D',
        '%!s(<nil>)',
      ],
      // Full-width letters are the same words.
      ['ｎｕｌｌ'],
    ].flat(),
  )('stands for nobody: %j', (identifier) => {
    expect(refused(identifier)).toBe('is a placeholder, or a name that stands for many people');
  });

  it.each<[number, string]>([
    ...[
      0x200b, 0x200c, 0x200d, 0x200e, 0x2060, 0xad, 0x202a, 0x202e, 0x2066, 0xfeff, 0x61c, 0x180e, 0xfe0f, 0xe0001,
      0xe0100,
    ].map((code): [number, string] => [code, 'has an invisible character in it']),
    ...[0x34f, 0x115f, 0x3164, 0xffa0].map((code): [number, string] => [code, 'has an invisible character in it']),
    ...[0x0, 0x9, 0xa, 0xd, 0x7f, 0x85, 0x9b, 0x2028, 0x2029].map((code): [number, string] => [
      code,
      'has a control character or a line break in it',
    ]),
    ...[0xd800, 0xdfff, 0xfffd, 0xfffc, 0xfffe, 0xffff, 0x1fffe, 0xfdd0, 0xe000, 0xf0000].map(
      (code): [number, string] => [code, 'has a damaged character in it'],
    ),
  ])('has U+%i in it', (code, says) => {
    const character = code >= 0xd800 && code <= 0xdfff ? String.fromCharCode(code) : String.fromCodePoint(code);
    for (const provider of ['measureone', 'aptrinsic'] as const)
      expect(refused(`4711${character}a`, provider)).toBe(says);
    expect(refused(`${uuid.slice(0, 20)}${character}${uuid.slice(20)}`, 'person')).toBe(says);
  });

  it.each([
    ['', 'is empty'],
    ['x'.repeat(513), 'has more than 512 characters'],
    ...[' a', 'a ', '\u00a0a', 'a\u3000'].map((text) => [text, 'has white space around it']),
  ])('has no usable length or edges: %j', (identifier, says) => {
    expect(refused(identifier)).toBe(says);
  });

  it('is none of its provider', () => {
    const says = 'is not a UUID, as all ids of Person API are';
    for (const text of [
      '4711',
      'jane@example.org',
      `{${uuid}}`,
      `urn:uuid:${uuid}`,
      uuid.replaceAll('-', ''),
      `${uuid}0`,
    ]) {
      expect(refused(text, 'person')).toBe(says);
      expect(refused(text)).toBeUndefined();
    }
    expect(refused('N/A', 'person')).toBeDefined();
    for (const text of ['delete', 'denylist']) {
      expect(refused(text)).toBe('names something else at Aptrinsic (Gainsight PX)');
      expect(refused(text, 'measureone')).toBeUndefined();
    }
  });
});

describe('an identifier that is taken', () => {
  it.each(
    [
      'jane@example.org',
      '4711',
      '0042',
      'AbC123',
      '.AbC',
      'idv_3x9QZkJane',
      'CORP\\nina',
      'user-1',
      'user-3, the second',
      'müller+1/ä@customer.example',
      'иван@example.org',
      '李小龍',
      'nathan',
      'jane.nantes@example.org',
      'x'.repeat(3) + '1',
      '9007199254740993',
      '12e',
      '🙂🐎',
      'Delete',
      'anonymous-7f3a',
      'nullify',
      'testament',
      uuid,
      uuid.toUpperCase(),
    ].flat(),
  )('is not warned of where nothing is odd: %j', (identifier) => {
    expect(judge('aptrinsic', identifier)).toEqual({ warnings: [] });
  });

  it('is a UUID in any case at the person API', () => {
    for (const text of [uuid, uuid.toUpperCase()]) expect(judge('person', text)).toEqual({ warnings: [] });
  });

  it.each([
    ...sharedNames.map((name) => [name, 'is a name that several people may have in common']),
    ...['TEST', '"Guest"', 'test_user', 'test@example.org', 'noreply@example.org', 'test12'].map((name) => [
      name,
      'is a name that several people may have in common',
    ]),
    ...[
      '1.23457E+11',
      '1E5',
      '1,5e+10',
      '4711.0',
      '4711,00',
      '4,711',
      '1.234.567',
      '12345678901234500',
      '2026-11-22',
    ].map((id) => [id, 'reads like a number or a date that a spreadsheet has rewritten']),
    ...['02-Jan', '2. Mär', 'Mar-05', '1/2/2026', '1.2.26', '2026-11-22 00:00:00'].map((id) => [
      id,
      'reads like a number or a date that a spreadsheet has rewritten',
    ]),
    ["'0042", 'begins with an apostrophe, as spreadsheets mark text'],
    ['"jane"', 'has quotes or brackets around it'],
    ['„jane“', 'has quotes or brackets around it'],
    ['Jane Doe <jane@example.org>', 'has quotes or brackets around it'],
    ['mailto:jane@example.org', 'begins like a link'],
    ['jane%40example.org', 'reads as if it were encoded for a URL'],
    ['jane&#64;example.org', 'reads as if some characters were escaped'],
    ['jane_x000D_', 'reads as if some characters were escaped'],
    ['jane@a.org;joe@b.org', 'reads like more than one identifier'],
    ['jane@example.org.', 'ends with a punctuation mark'],
    ['m?ller', 'has a question mark in it, as is written for letters that got lost'],
    ['josÃ©', 'reads like text that was decoded wrongly'],
    ['â‚¬4711', 'reads like text that was decoded wrongly'],
    ['a\u00a0b', 'has an unusual blank in it'],
    ['a\u2003b', 'has an unusual blank in it'],
    ['a  b', 'has an unusual blank in it'],
    ['jose\u0301', 'is not in Unicode normal form C'],
    ['\uff4aane', 'has characters in it that look like others'],
    ['j\u0430ne', 'mixes letters of different alphabets in one word'],
    ['jane.null@example.org', 'has a part that programs write where a value is missing'],
    ['1', 'is one character, or the same one repeated'],
    ['aaaa', 'is one character, or the same one repeated'],
    ['Jane@Example.org', 'has capital letters: ids are told apart by case at Aptrinsic (Gainsight PX)'],
  ])('is warned of: %j', (identifier, says) => {
    expect(judge('aptrinsic', identifier)).toEqual({ warnings: expect.arrayContaining([says]) });
  });

  it('is warned of as a made-up UUID', () => {
    expect(identifierWarnings('person', '11111111-1111-1111-1111-111111111111')).toHaveLength(1);
  });
});

describe('what is said of an identifier', () => {
  /** Pieces of four characters, which is what a reader could know somebody by. */
  const piecesOf = (text: string): string[] =>
    Array.from({ length: Math.max(0, text.length - 3) }, (_, at) => text.slice(at, at + 4).toLowerCase());

  it('repeats no part of the words that it is about', () => {
    for (const word of [...placeholders, ...sharedNames]) {
      const { problem, warnings } = judge('aptrinsic', word);
      const said = [problem ?? '', ...warnings].join('\n').toLowerCase();
      expect(piecesOf(word).filter((piece) => said.includes(piece))).toEqual([]);
    }
  });

  it('is one of a few sentences, whatever the identifier', () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom(
        '@',
        'null',
        '%40',
        '<',
        '"',
        '\u200b',
        'e\u0301',
        '#',
        '!',
        'E+11',
        '4711',
        '.0',
        '{{',
        '\u0430',
      ),
    );
    const identifier = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''));
    const sentence = /^[A-Za-z0-9 ,:()-]+$/;
    const heard = new Set<string>();
    fc.assert(
      fc.property(fc.constantFrom(...providerKeys), identifier, (provider, text) => {
        const { problem, warnings } = judge(provider, text);
        for (const said of [...(problem === undefined ? [] : [problem]), ...warnings]) heard.add(said);
        return warnings.length === new Set(warnings).size;
      }),
      { numRuns: 3_000 },
    );
    expect([...heard].filter((said) => !sentence.test(said))).toEqual([]);
    expect(heard.size).toBeGreaterThan(8);
    expect(heard.size).toBeLessThan(40);
  });
});
