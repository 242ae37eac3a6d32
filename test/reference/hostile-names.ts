/** Names that have broken somebody's software before. */

/** Composed and decomposed: equal to the eye, not byte for byte. */
export const E_COMPOSED = '\u00e9-shop';
export const E_DECOMPOSED = 'e\u0301-shop';

export const HOSTILE_PROGRAMS = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'wx"quote\\back',
  "wx'single' -- ;DROP",
  'tab\tid',
  'line\nfeed\r\nid',
  'wx\0nul',
  E_COMPOSED,
  E_DECOMPOSED,
  '小程序-店铺',
  '😀',
  '👩‍👩‍👧‍👦/shop',
  '0',
  '-1',
  '1e3',
  'null',
  'true',
  ' ',
  ' padded ',
  '**',
  '\ufeffbom',
  '\u2028\u2029',
  '\u202eright-to-left',
  '\u{10ffff}\uffff',
  'WXCASE',
  'wxcase',
  'İstanbul',
  '{"a":1}',
  '<script>alert(1)</script>',
  'a,b;c|d',
  '%00%2e',
  'p'.repeat(3_000),
  '宿'.repeat(1_500),
];

export const HOSTILE_USERS = [
  '__proto__',
  'hasOwnProperty',
  '*',
  '😀',
  '😀'.repeat(128),
  'u'.repeat(128),
  'e\u0301'.repeat(64),
  ' ',
  '用户1',
  'user\0nul',
  'u\'quote"\\',
  '1e3',
  'line\nfeed',
];

export const HOSTILE_IDS = [
  'id with space ',
  '😀',
  '事件-',
  'x'.repeat(900),
  '__proto__',
  'nul\0',
  'quote"\\',
  'e\u0301',
  '\u00e9',
  '\t',
];

export const SOURCES = [
  'host/wechat-ios',
  'host/wechat-ios',
  'host/wechat-android',
  'host/wechat-ios/',
  'urn:x:宿主',
  'host/ali',
  '__proto__',
  'host\0nul',
];

export const HOSTS = [
  'example',
  'coffee.example',
  'COFFEE.Example',
  'a.b.coffee.example',
  'coffee.example.evil.test',
  'notcoffee.example',
  'cdn.shop.example',
  'shop.example',
  '10.0.0.1',
  'x',
  '',
  '.example',
  'coffee.example.',
  '__proto__',
];

export const PURPOSES = ['nearby-stores', 'pay', 'share', 'p 1', '目的', '__proto__', 'constructor'];
export const FIELDS = ['latitude', 'longitude', 'altitude', 'name', 'phone', 'id', '字段', 'constructor', ''];
export const CLASSES = ['games', 'finance', 'social', 'food-delivery', 'office tools', '__proto__', 'undeclared', 'unclassified'];
/** Category names that contracts.md does not list. */
export const UNLISTED_CATEGORIES = ['telepathy', '*', 'Location', '__proto__', 'location '];
/** Host APIs that no catalogue maps. */
export const UNMAPPED_APIS = [
  'constructor',
  '__proto__',
  'WX.GETLOCATION',
  'wx.unheardOf',
  '地理',
  'host.custom',
  ' wx.getLocation',
  'toString',
];

/** Host APIs of formats.md, by category. */
export const APIS_BY_CATEGORY: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    location: ['wx.getLocation', 'wx.startLocationUpdate', 'wx.startLocationUpdateBackground', 'wx.onLocationChange'],
    location_coarse: ['wx.getFuzzyLocation', 'wx.chooseLocation', 'wx.choosePoi'],
    user_profile: ['wx.getUserInfo', 'wx.getUserProfile'],
    address: ['wx.chooseAddress'],
    invoice: ['wx.chooseInvoice', 'wx.chooseInvoiceTitle'],
    contacts_write: ['wx.addPhoneContact'],
    calendar_write: ['wx.addPhoneCalendar', 'wx.addPhoneRepeatCalendar'],
    photos: ['wx.chooseImage', 'wx.chooseVideo', 'wx.chooseMedia'],
    photos_write: ['wx.saveImageToPhotosAlbum', 'wx.saveVideoToPhotosAlbum'],
    camera: ['wx.createVKSession'],
    microphone: ['wx.startRecord', 'RecorderManager.start', 'wx.joinVoIPChat'],
    files: ['wx.chooseMessageFile'],
    clipboard: ['wx.getClipboardData', 'wx.setClipboardData'],
    bluetooth: ['wx.openBluetoothAdapter', 'wx.createBLEPeripheralServer'],
    health: ['wx.getWeRunData'],
    license_plate: ['wx.chooseLicensePlate'],
    motion: ['wx.startAccelerometer', 'wx.startCompass', 'wx.startDeviceMotionListening', 'wx.startGyroscope'],
    navigation: ['wx.navigateToMiniProgram', 'wx.openUrl', 'web-view'],
    social_graph: ['wx.getGroupEnterInfo', 'wx.shareAppMessage'],
  }),
);
/** Categories that the traffic is about; the first ones have host APIs of their own. */
export const CATEGORIES_IN_USE = [
  'location',
  'location_coarse',
  'user_profile',
  'photos',
  'camera',
  'microphone',
  'clipboard',
  'health',
  'motion',
  'social_graph',
  'navigation',
  'contacts',
  'phone_number',
  'email',
  'calendar',
  'sms',
  'network',
  'unknown',
];

/** Programs whose accesses walk along the edges of limits. */
export const EDGE_PROGRAMS = ['wxedge0', 'wxedge1', 'wxedge2', 'wxedge3', 'wxedge4'];
