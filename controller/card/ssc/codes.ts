/** Code tables: sex (GB/T 2261.1), ethnic groups (GB/T 3304), regions of Ningbo (GB/T 2260). */

/** 1 and 2; 0 and 9 (unknown, not stated), padding and anything else are null. */
export function sexOf(value: Buffer): 'male' | 'female' | null {
  const code = value.toString('latin1');
  if (code === '1') return 'male';
  return code === '2' ? 'female' : null;
}

/** In the order of their codes, 01 to 56. */
const GROUPS =
  '汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 ' +
  '拉祜 水 东乡 纳西 景颇 柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 ' +
  '怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺';

/** Two digits → Chinese name. */
export const ETHNIC_GROUPS: ReadonlyMap<string, string> = new Map([
  ...GROUPS.split(' ').map((name, at) => [String(at + 1).padStart(2, '0'), name] as const),
  ['97', '其他'],
  ['98', '外国血统'],
  ['99', '其他'],
]);

/** Six digits → Chinese name; the last three are gone from the map and still on old cards. */
const REGIONS: ReadonlyMap<string, string> = new Map([
  ['330000', '浙江省'],
  ['330200', '宁波市'],
  ['330201', '宁波市'],
  ['330203', '宁波市海曙区'],
  ['330205', '宁波市江北区'],
  ['330206', '宁波市北仑区'],
  ['330211', '宁波市镇海区'],
  ['330212', '宁波市鄞州区'],
  ['330213', '宁波市奉化区'],
  ['330225', '宁波市象山县'],
  ['330226', '宁波市宁海县'],
  ['330281', '宁波市余姚市'],
  ['330282', '宁波市慈溪市'],
  ['330204', '宁波市江东区（原）'],
  ['330227', '宁波市鄞县（原）'],
  ['330283', '宁波市奉化市（原）'],
]);

/** Null for a region that is not in the table: its code then says what there is to say. */
export function regionName(code: string): string | null {
  return REGIONS.get(code) ?? null;
}
