import { expect, test } from 'vitest';
import { misspeltVariables, settingMeant } from '../../../services/platform/config/misspelt.ts';

test.each([
  ['port', 'httpPort'],
  ['http_port', 'httpPort'],
  ['NTK_HTTP_PORT', 'httpPort'],
  ['kafkaBroker', 'kafkaBrokers'],
  ['brokers', 'kafkaBrokers'],
])('%s is meant as %s', (name, meant) => {
  expect(settingMeant(name)).toBe(meant);
});

test.each(['file', 'speed', '', '__proto__'])('%j is meant as nothing', (name) => {
  expect(settingMeant(name)).toBeUndefined();
});

test('a variable that is nearly one of ours is said, and no other', () => {
  const others = {
    NTK_TOKEN: 't',
    NTK_HTTP_PORT: '1',
    NTK_PORT: 'tcp://10.0.0.1:7077',
    NTK_CLICKHOUSE_PORT: '1',
    NTK_UID: '1',
    PATH: '',
  };
  expect(misspeltVariables({ ...others, NTK_GATEWAY_TOKEN_FILE: 'x' })).toEqual([
    'NTK_GATEWAY_TOKEN_FILE is no setting and changes nothing; did you mean NTK_GATEWAY_TOKENS_FILE?',
  ]);
});
