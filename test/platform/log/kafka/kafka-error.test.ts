/** What a broker's error codes (https://kafka.apache.org/protocol#protocol_error_codes) mean to whoever uses the log. */
import { describe, expect, test } from 'vitest';
import { LogError } from '../../../../services/platform/log/event-log.ts';
import {
  asLogError,
  codeOf,
  isFenced,
  isNoAnswer,
  isTransient,
  KafkaCodeError,
  NotVisibleYet,
} from '../../../../services/platform/log/kafka/kafka-error.ts';

const CODES = Array.from({ length: 120 }, (_, code) => code + 1);
const ofCode = (code: number): Error => new KafkaCodeError(code, 'made up');
const named = (name: string): Error => Object.assign(new Error('made up'), { name });
/** As kafkajs wraps what it has tried in vain. */
const wrapped = (cause: Error): Error =>
  Object.assign(new Error('tried in vain', { cause }), { name: 'KafkaJSNumberOfRetriesExceeded' });

describe('an error code', () => {
  test('is tried again where the broker did nothing, or something that may be done again', () => {
    const again = [3, 5, 6, 7, 8, 9, 13, 14, 15, 16, 19, 20, 51, 52, 56, 74, 75, 78, 100, 103];
    expect(CODES.filter((code) => isTransient(ofCode(code)))).toEqual(again);
    expect(CODES.filter((code) => isTransient(wrapped(ofCode(code))))).toEqual(again);
  });

  test('says that another producer has the transactional id', () => {
    expect(CODES.filter((code) => isFenced(ofCode(code)))).toEqual([47, 48, 49, 90]);
    expect(CODES.filter((code) => isFenced(wrapped(ofCode(code))))).toEqual([47, 48, 49, 90]);
  });

  test.each([
    ['log_offset_out_of_range', [1]],
    ['log_corrupt', [10, 18]],
    ['log_disk_full', [56]],
    ['log_busy', [51]],
  ] as const)('is %s', (code, expected) => {
    const is = CODES.filter((each) => (asLogError(ofCode(each), 'reading') as LogError).code === code);
    expect(is).toEqual(expected);
  });

  test('is a log that cannot be reached where it is nothing else, and one that refuses credentials where it is that', () => {
    const messages = new Map(CODES.map((code) => [code, asLogError(ofCode(code), 'reading') as LogError]));
    for (const code of [1, 10, 18, 51, 56]) messages.delete(code);
    expect(new Set([...messages.values()].map(({ code }) => code))).toEqual(new Set(['log_unreachable']));
    const refused = [...messages].filter(([, { message }]) => message.startsWith('reading: Kafka refuses these credentials'));
    expect(refused.map(([code]) => code)).toEqual([29, 30, 31, 53, 58]);
    expect(messages.get(34)?.message).toContain('name the port of a listener with SASL or unset NTK_KAFKA_SASL');
    expect(messages.get(33)?.message).toContain('the mechanism of NTK_KAFKA_SASL');
    expect(messages.get(53)?.message).toContain('check the ACLs');
    expect(messages.get(58)?.message).toContain('check NTK_KAFKA_USER, NTK_KAFKA_PASSWORD and NTK_KAFKA_SASL');
  });

  test('is that of the innermost cause that has one', () => {
    expect(codeOf(wrapped(wrapped(ofCode(90))))).toBe(90);
    expect(codeOf(Object.assign(new Error('none'), { code: 'ECONNRESET' }))).toBeNull();
    expect(codeOf(Object.assign(new Error('none'), { code: 0 }))).toBeNull();
    expect(codeOf('no error')).toBeNull();
  });
});

describe('an answer that did not come', () => {
  test.each([
    'KafkaJSConnectionError',
    'KafkaJSConnectionClosedError',
    'KafkaJSRequestTimeoutError',
    'KafkaJSBrokerNotFound',
    'KafkaJSLockTimeout',
    'KafkaJSMetadataNotLoaded',
    'KafkaJSTopicMetadataNotLoaded',
    'KafkaJSGroupCoordinatorNotFound',
  ])('%s is tried again, and nobody can say what the broker did', (name) => {
    for (const error of [named(name), wrapped(named(name))]) {
      expect([isNoAnswer(error), isTransient(error), isFenced(error)]).toEqual([true, true, false]);
      expect(asLogError(error, 'reading')).toMatchObject({ code: 'log_unreachable' });
    }
  });

  test('is told from one that came, whoever wraps it', () => {
    expect(isNoAnswer(new Error('Broker not connected'))).toBe(true);
    expect(isNoAnswer(Object.assign(named('KafkaJSConnectionError'), { code: 7 }))).toBe(false);
    expect(isNoAnswer(wrapped(ofCode(7)))).toBe(false);
    expect(isNoAnswer(new NotVisibleYet())).toBe(false);
    expect(isTransient(new NotVisibleYet())).toBe(true);
  });
});

test('an error of the log and a bug come back as they are', () => {
  for (const error of [new LogError('log_busy', 'said'), new RangeError('too large'), new TypeError('a bug'), new Error('a bug')])
    expect(asLogError(error, 'reading')).toBe(error);
  expect(asLogError(named('KafkaJSSASLAuthenticationError'), 'reading')).toMatchObject({
    code: 'log_unreachable',
    message: expect.stringContaining('refuses these credentials'),
  });
  expect(asLogError(new Error('two\nlines', { cause: ofCode(56) }), 'reading')).toMatchObject({ code: 'log_disk_full' });
});
