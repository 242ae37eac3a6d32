/** What programs ask hosts for, and how they explain it: an api of the catalogue with a purpose, a page and what comes back. */
import type { Category } from '../../../schemas/codes.ts';

export interface Need {
  readonly api: string;
  /** What the catalogue says of the api. */
  readonly category: Category;
  /** Id of the purpose; several needs may share one. Empty for categories that no purpose is asked for. */
  readonly purpose: string;
  readonly text: string;
  readonly page: string;
  readonly fields: readonly string[];
  /** What a program that takes more than it declared takes. */
  readonly moreFields: readonly string[];
  readonly rowsMax: number;
  readonly bytesPerRow: number;
  /** Mean of the time an interval lasts; 0 for those that are no intervals. */
  readonly durationMs: number;
  readonly link: 'none' | 'external' | 'share';
}

type Given = Partial<Need> & Pick<Need, 'api' | 'category'>;

function need(given: Given): Need {
  return {
    purpose: '',
    text: '',
    page: 'pages/index/index',
    fields: [],
    moreFields: ['deviceId'],
    rowsMax: 1,
    bytesPerRow: 64,
    durationMs: 0,
    link: 'none',
    ...given,
  };
}

const POSITION = { fields: ['latitude', 'longitude'], moreFields: ['altitude', 'speed'], bytesPerRow: 48 };
const PICTURE = { fields: ['tempFilePath', 'size'], moreFields: ['exif'], bytesPerRow: 180_000 };

export const NEEDS = {
  nearby: need({ api: 'wx.getLocation', category: 'location', purpose: 'nearby', text: 'show what is near you', ...POSITION }),
  track: need({
    api: 'wx.onLocationChange',
    category: 'location',
    purpose: 'trip',
    text: 'follow the trip on the map',
    page: 'pages/trip/track',
    ...POSITION,
  }),
  region: need({
    api: 'wx.getFuzzyLocation',
    category: 'location_coarse',
    purpose: 'local-offers',
    text: 'offers of your city',
    ...POSITION,
  }),
  place: need({
    api: 'wx.chooseLocation',
    category: 'location_coarse',
    purpose: 'choose-place',
    text: 'let you choose a place',
    page: 'pages/order/place',
    fields: ['name', 'address', 'latitude', 'longitude'],
    bytesPerRow: 140,
  }),
  address: need({
    api: 'wx.chooseAddress',
    category: 'address',
    purpose: 'delivery',
    text: 'bring orders to your door',
    page: 'pages/order/address',
    fields: ['userName', 'detailInfo', 'postalCode'],
    moreFields: ['telNumber', 'nationalCode'],
    bytesPerRow: 220,
  }),
  phone: need({
    api: 'button.getPhoneNumber',
    category: 'phone_number',
    purpose: 'sign-in',
    text: 'sign in with your number',
    page: 'pages/user/sign-in',
    fields: ['purePhoneNumber'],
    moreFields: ['countryCode', 'carrier'],
    bytesPerRow: 40,
  }),
  profile: need({
    api: 'wx.getUserProfile',
    category: 'user_profile',
    purpose: 'profile',
    text: 'show your name and picture',
    page: 'pages/user/user',
    fields: ['nickName', 'avatarUrl'],
    moreFields: ['gender', 'city'],
    bytesPerRow: 260,
  }),
  avatar: need({
    api: 'button.chooseAvatar',
    category: 'user_profile',
    purpose: 'profile',
    text: 'show your name and picture',
    page: 'pages/user/user',
    fields: ['avatarUrl'],
    bytesPerRow: 180,
  }),
  pictures: need({
    api: 'wx.chooseMedia',
    category: 'photos',
    purpose: 'upload-pictures',
    text: 'post the pictures you choose',
    page: 'pages/post/post',
    rowsMax: 9,
    ...PICTURE,
  }),
  picture: need({
    api: 'wx.chooseImage',
    category: 'photos',
    purpose: 'review-pictures',
    text: 'add pictures to your review',
    page: 'pages/order/review',
    rowsMax: 3,
    ...PICTURE,
  }),
  keep: need({
    api: 'wx.saveImageToPhotosAlbum',
    category: 'photos_write',
    purpose: 'save-picture',
    text: 'save the picture to your album',
    page: 'pages/picture/done',
    bytesPerRow: 0,
  }),
  scan: need({
    api: 'component.camera',
    category: 'camera',
    purpose: 'scan',
    text: 'scan codes and documents',
    page: 'pages/scan/scan',
    durationMs: 9_000,
    bytesPerRow: 0,
  }),
  video: need({
    api: 'component.live-pusher',
    category: 'camera',
    purpose: 'video-call',
    text: 'talk face to face',
    page: 'pages/call/call',
    durationMs: 240_000,
    bytesPerRow: 0,
  }),
  voice: need({
    api: 'RecorderManager.start',
    category: 'microphone',
    purpose: 'voice',
    text: 'send voice messages',
    page: 'pages/chat/chat',
    durationMs: 12_000,
    bytesPerRow: 0,
  }),
  documents: need({
    api: 'wx.chooseMessageFile',
    category: 'files',
    purpose: 'documents',
    text: 'send us documents',
    page: 'pages/upload/upload',
    fields: ['name', 'path'],
    rowsMax: 5,
    bytesPerRow: 90_000,
  }),
  paste: need({
    api: 'wx.getClipboardData',
    category: 'clipboard',
    purpose: 'paste-code',
    text: 'paste a voucher code',
    page: 'pages/voucher/voucher',
    fields: ['data'],
    bytesPerRow: 30,
  }),
  pair: need({
    api: 'wx.openBluetoothAdapter',
    category: 'bluetooth',
    purpose: 'pair-device',
    text: 'find your device',
    page: 'pages/device/pair',
    bytesPerRow: 0,
  }),
  steps: need({
    api: 'wx.getWeRunData',
    category: 'health',
    purpose: 'steps',
    text: 'count your steps',
    page: 'pages/steps/steps',
    fields: ['stepInfoList'],
    rowsMax: 30,
    bytesPerRow: 24,
  }),
  shake: need({
    api: 'wx.startAccelerometer',
    category: 'motion',
    purpose: 'shake',
    text: 'play by moving the phone',
    page: 'pages/play/play',
    durationMs: 60_000,
    bytesPerRow: 0,
  }),
  remind: need({
    api: 'wx.addPhoneCalendar',
    category: 'calendar_write',
    purpose: 'remind',
    text: 'put the appointment into your calendar',
    page: 'pages/booking/done',
    bytesPerRow: 0,
  }),
  people: need({
    api: 'apple.contacts',
    category: 'contacts',
    purpose: 'find-friends',
    text: 'find friends who are here already',
    page: 'pages/friends/find',
    fields: ['name', 'phoneNumbers'],
    moreFields: ['emailAddresses', 'note'],
    rowsMax: 20,
    bytesPerRow: 90,
  }),
  plate: need({
    api: 'wx.chooseLicensePlate',
    category: 'license_plate',
    purpose: 'parking',
    text: 'find your parking ticket',
    page: 'pages/parking/pay',
    fields: ['plateNumber'],
    bytesPerRow: 24,
  }),
  invoice: need({
    api: 'wx.chooseInvoiceTitle',
    category: 'invoice',
    purpose: 'invoice',
    text: 'write your invoice',
    page: 'pages/order/invoice',
    fields: ['title', 'taxNumber'],
    moreFields: ['bankName', 'bankAccount'],
    bytesPerRow: 160,
  }),
  board: need({
    api: 'wx.getFriendCloudStorage',
    category: 'social_graph',
    purpose: 'leaderboard',
    text: 'compare scores with friends',
    page: 'pages/board/board',
    fields: ['nickname', 'KVDataList'],
    moreFields: ['openid'],
    rowsMax: 40,
    bytesPerRow: 120,
  }),
  share: need({
    api: 'wx.shareAppMessage',
    category: 'social_graph',
    purpose: 'invite',
    text: 'invite a friend',
    page: 'pages/invite/invite',
    bytesPerRow: 0,
    link: 'share',
  }),
  site: need({ api: 'wx.openUrl', category: 'navigation', page: 'pages/web/web', bytesPerRow: 0, link: 'external' }),
  partner: need({ api: 'wx.navigateToMiniProgram', category: 'navigation', page: 'pages/partner/partner', bytesPerRow: 0 }),
} as const satisfies Readonly<Record<string, Need>>;

export type NeedName = keyof typeof NEEDS;
