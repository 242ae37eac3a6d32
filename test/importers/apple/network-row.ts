/** Contacts of an app with a domain between two days of March 2022, as an App Privacy Report says it. */
export function networkRow(hits: number, first: string, last: string, more: object = {}): string {
  return JSON.stringify({
    type: 'networkActivity',
    bundleID: 'a.b',
    domain: 'x.example',
    context: '',
    initiatedType: 'AppInitiated',
    hits,
    firstTimeStamp: `2022-03-${first}T00:00:00Z`,
    timeStamp: `2022-03-${last}T00:00:00Z`,
    ...more,
  });
}
