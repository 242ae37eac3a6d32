/** Names of programs and developers, as a super-app between China, South-East Asia and Europe has them. All made up. */
import type { Chance } from '../chance/chance.ts';

export const REGIONS = ['china', 'south-east-asia', 'europe'] as const;
export type Region = (typeof REGIONS)[number];

/** How many of a hundred developers sit there. */
export const REGION_SHARES = [52, 30, 18] as const;
/** From UTC to local time. */
export const UTC_OFFSET_HOURS: Readonly<Record<Region, number>> = { china: 8, 'south-east-asia': 7, europe: 1 };

const words = (text: string): readonly string[] => text.split(' ');

const BRANDS: Readonly<Record<Region, readonly string[]>> = {
  china: words(
    '蓝亭 小满 云雀 拾光 橙子 青禾 山竹 飞燕 知味 南风 星河 桃源 竹里 麦浪 海棠 松果 半夏 沐春 九里 听雨 微澜 木兰 白鹭 石榴',
  ),
  'south-east-asia': words(
    'Merpati Sawah Teratai Bayan Kilat Mangga Rambutan Cempaka Nusa Tamarin Hoa-Sen Bích-Ngọc Sông-Xanh Mây-Trắng Ngon-Lành ดอกบัว ช้างน้อย สายฝน Kalesa Sampaguita Bituin Lontar Pelangi Anggrek',
  ),
  europe: words(
    'Lumen Fjordlys Tilia Corvo Nordwind Alba Brisa Havn Kestrel Linde Pétale Ambre Zephyr Olmo Skagen Tramontana Älva Birke Falter Vesna Marelle Rosso Quai Jasmijn',
  ),
};

/** In the order of the classes of classes.ts. */
const TRADES: Readonly<Record<Region, readonly string[]>> = {
  china: words('外卖 买菜 出行 旅行 优选 银行 问诊 跑步 课堂 消消乐 圈子 快讯 修图 政务 智家 停车'),
  'south-east-asia': words('Makan Pasar Ojek Jalan Belanja Bank Sehat Lari Kelas Main Kawan Kabar Foto Layanan Rumah Parkir'),
  europe: words('Eats Market Rides Trips Shop Bank Care Fit Learn Quest Circle Press Studio Civic Home Park'),
};

const TOWNS: Readonly<Record<Region, readonly string[]>> = {
  china: words('杭州 深圳 成都 广州 厦门 苏州 武汉 青岛 长沙 西安'),
  'south-east-asia': words('Jakarta Bandung Surabaya Penang Hanoi Đà-Nẵng Chiang-Mai Cebu Singapore Medan'),
  europe: words('Porto Lyon Leipzig Tartu Gent Malmö Torino Kraków Utrecht Bergen'),
};

const FIRMS: Readonly<Record<Region, readonly [before: string, after: string]>> = {
  china: ['', '网络科技'],
  'south-east-asia': ['PT ', ' Digital'],
  europe: ['', ' Labs'],
};

export function programName(chance: Chance, region: Region, classIndex: number): string {
  const brand = chance.pick(BRANDS[region]).replaceAll('-', ' ');
  return `${brand}${region === 'china' ? '' : ' '}${TRADES[region][classIndex]!}`;
}

/** Never one that `taken` has, which it is added to: whoever looks at the results knows a developer by it. */
export function developerName(chance: Chance, region: Region, taken: Set<string>): string {
  const [before, after] = FIRMS[region];
  const town = chance.pick(TOWNS[region]).replaceAll('-', ' ');
  const brand = chance.pick(BRANDS[region]).replaceAll('-', ' ');
  const name = region === 'china' ? `${town}${brand}${after}` : `${before}${brand} ${town}${after}`;
  let unique = name;
  for (let branch = 2; taken.has(unique); branch++) unique = `${name} ${branch}`;
  taken.add(unique);
  return unique;
}
