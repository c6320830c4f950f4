/**
 * Twenty texts that an embedder is tried with: in both languages and mixed, from one character to several hundred tokens, with
 * code, figures, emoji, traditional characters, wide forms and what parsers let through. They are compared letter by letter: a
 * changed text is another set.
 */
export const PROBES: readonly string[] = [
  '锁',
  'lease',
  '年假怎么算？',
  'How do I restore a backup?',
  '数据库连接池的最大连接数应当按照处理器核数和磁盘数量来设置，而不是越大越好。',
  'The tenant shall give written notice at least sixty days before the end of the term.',
  '第三十八条 用人单位未及时足额支付劳动报酬的，劳动者可以解除劳动合同。',
  '資料庫備份與還原：請先停止寫入，再複製整個資料夾。',
  'function add(a: number, b: number): number {\n  return a + b; // 两数之和\n}',
  "SELECT name, COUNT(*) FROM events WHERE at >= '2024-01-01' GROUP BY name HAVING COUNT(*) > 10;",
  'git rebase --interactive HEAD~3 && npm run build -- --mode=production',
  '👍🏽 太好了！会议改到周五 🗓️ 下午 3 点 ☕️',
  '型号 ZX-4500B，额定电压 220V±10%，功率 1.5 kW，净重 12.75 kg。',
  'See https://example.org/docs/install.html?lang=zh#step-2 or write to support@example.org.',
  'ＡＢＣ　１２３，Ⅳ ㎏ ﬁ naïve café — “quoted” … ½',
  'Quarterly revenue\t2023\t2024\nNorth\t1,204\t1,377\nSouth\t988\t1,012',
  'The word 检索 means retrieval，而 embedding 通常译作“嵌入”或“向量”。',
  'Donaudampfschifffahrtsgesellschaftskapitän pneumonoultramicroscopicsilicovolcanoconiosis 0x7ffee4c0a1b8',
  `春天来了，城市里的公园渐渐热闹起来。早晨六点，老人们提着鸟笼沿湖散步，孩子们骑着自行车从桥上飞快地经过，卖早点的摊位前排起了长队。${
  ''}到了中午，阳光照在新开的海棠花上，游客们纷纷停下来拍照。傍晚时分，一阵小雨过后，空气里满是泥土和青草的气味，湖面上起了一层薄雾，远处的塔若隐若现。${
  ''}管理处在门口贴出通知：从下个月起，公园的开放时间延长到晚上十点，夜间照明改用节能灯，湖心岛的木栈道因为维修暂停开放，预计六月底完工。`,
  `Before the machine is switched on for the first time, make sure that it stands level, that the transport bolts have been removed, and that the hose is not bent. ${
  ''}Open the tap slowly and watch the connection for drops. Close the door until it clicks. Choose the programme with the dial; the display shows how long it takes. ${
  ''}If the light next to the lock blinks, the door is not closed properly. During the first run no laundry should be inside, because residues from production are washed out. ${
  ''}Clean the filter every two months: place a flat bowl below the flap, turn the knob to the left, let the water run out, and remove threads and coins. ${
  ''}In case of frost, empty the hose completely, since ice may damage the pump. The warranty does not cover damage caused by wrong installation.`,
];
