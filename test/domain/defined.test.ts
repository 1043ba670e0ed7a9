import { defined } from '../../domain/defined';

it('leaves out what is undefined, and nothing else', () => {
  const found: { readonly a?: number; readonly b: string } = defined({ a: undefined as number | undefined, b: '' });
  expect(Object.keys(found)).toEqual(['b']);
  expect(defined({ zero: 0, no: false, nothing: null, empty: '' })).toStrictEqual({
    zero: 0,
    no: false,
    nothing: null,
    empty: '',
  });
});
