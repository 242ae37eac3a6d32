/** Who may look at the pages. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Visitors } from '../../services/console/http/visitor.ts';

const TOKEN = 'a-token-of-this-system';
const HOST = { host: '127.0.0.1:7077' };
const basic = (password: string): string => `Basic ${Buffer.from(`anybody:${password}`).toString('base64')}`;

describe('on this machine', () => {
  const visitors = new Visitors(null);

  test('everybody may look', () => {
    expect(visitors.refusal(HOST, true)).toBeNull();
    expect(visitors.refusal({ ...HOST, 'sec-fetch-site': 'same-origin' }, false)).toBeNull();
    expect(visitors.refusal({ ...HOST, 'sec-fetch-site': 'none' }, true)).toBeNull();
    expect(visitors.refusal({ ...HOST, origin: 'http://127.0.0.1:7077' }, false)).toBeNull();
  });

  test('a link from elsewhere may lead to a page, but no page from elsewhere may ask for data', () => {
    const foreign = { ...HOST, 'sec-fetch-site': 'cross-site' };
    expect(visitors.refusal(foreign, true)).toBeNull();
    expect(visitors.refusal(foreign, false)).toMatchObject({ code: 403 });
    // Another port of this machine is another page.
    expect(visitors.refusal({ ...HOST, 'sec-fetch-site': 'same-site' }, false)).toMatchObject({ code: 403 });
  });

  test.each(['http://evil.example', 'http://127.0.0.1:8080', 'null', 'http://127.0.0.1:7077.evil.example', ''])(
    'origin %j is not its own',
    (origin) => {
      expect(visitors.refusal({ ...HOST, origin }, false)).toMatchObject({ code: 403 });
      expect(visitors.refusal({ ...HOST, origin }, true)).toMatchObject({ code: 403 });
    },
  );
});

describe('from elsewhere', () => {
  const visitors = new Visitors(TOKEN);

  test('the token lets in, as a bearer or as the password that a browser asks for', () => {
    expect(visitors.refusal({ ...HOST, authorization: `Bearer ${TOKEN}` }, true)).toBeNull();
    expect(visitors.refusal({ ...HOST, authorization: basic(TOKEN) }, true)).toBeNull();
  });

  test('without it nobody gets in', () => {
    expect(visitors.refusal(HOST, true)).toMatchObject({ code: 401 });
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (password, header) => {
        fc.pre(password !== TOKEN);
        expect(visitors.refusal({ ...HOST, authorization: basic(password) }, true)).toMatchObject({ code: 401 });
        expect(visitors.refusal({ ...HOST, authorization: header }, true)).toMatchObject({ code: 401 });
      }),
    );
  });
});
