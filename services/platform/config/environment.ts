export interface Environment { token: string | undefined; debug: boolean; data: string; clickhouseUrl: string | undefined; storeUser: 'hashed' | 'plain'; partitions: number | undefined; tuning: object }
export function environment(): Environment {
  const e = process.env;
  return { token: e['NTK_TOKEN'], debug: e['NTK_DEBUG'] === '1', data: e['NTK_DATA'] ?? './data', clickhouseUrl: e['NTK_CLICKHOUSE_URL'], storeUser: e['NTK_STORE_USER'] === 'plain' ? 'plain' : 'hashed', partitions: undefined, tuning: {} };
}
export function packageVersion(): string { return '0.1.0'; }
