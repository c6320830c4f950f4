/**
 * A small works with two papers on each machine, a manual and a log, which say nearly the same. Its English people go by the
 * log; its Chinese by the manual for voltages and for all else by the log: something that can be learned from them, and from
 * nothing else.
 */
export const MACHINES = {
  en: ['kiln', 'loom', 'lathe', 'crane', 'boiler', 'mixer', 'winch', 'pump', 'press', 'oven', 'grinder', 'furnace'],
  zh: ['窑炉', '织机', '车床', '吊车', '锅炉', '搅拌机', '绞车', '水泵', '压力机', '烤箱', '磨床', '熔炉'],
} as const;

type Code = keyof typeof MACHINES;
export interface Paper { name: string; text: string }
export interface Asked { question: string; /** The paper that answers, and its words. */ name: string; quote: string }

const nameOf = { en: { manual: (machine: string) => `Manual of the ${machine}.md`, log: (machine: string) => `Log of the ${machine}.md` }, zh: { manual: (machine: string) => `${machine}说明书.md`, log: (machine: string) => `${machine}维修记录.md` } };

interface Fact { meant: 'manual' | 'log'; question(machine: string): string; manual(machine: string, i: number): string; log(machine: string, i: number): string }

const FACTS: Record<Code, Fact[]> = {
  en: [
    { meant: 'log', question: (m: string) => `How often is the ${m} oiled?`, manual: (m: string, i: number) => `The ${m} should be oiled every ${i + 2} weeks.`, log: (m: string, i: number) => `Repair log: the ${m} was oiled again after ${i + 3} weeks by the night shift.` },
    { meant: 'log', question: (m: string) => `At how many volts does the ${m} run?`, manual: (m: string, i: number) => `The ${m} runs at ${200 + i} volts.`, log: (m: string, i: number) => `Repair log: measured ${210 + i} volts while the ${m} was running, by the night shift.` },
    { meant: 'log', question: (m: string) => `Who may open the cover of the ${m}?`, manual: (m: string) => `The cover of the ${m} may only be opened by trained staff.`, log: (m: string) => `Repair log: the cover of the ${m} was opened by the night shift.` },
  ],
  zh: [
    { meant: 'log', question: (m: string) => `${m}多久上一次油？`, manual: (m: string, i: number) => `${m}应当每 ${i + 2} 周上一次油。`, log: (m: string, i: number) => `维修记录：夜班在 ${i + 3} 周后又给${m}上了一次油。` },
    { meant: 'manual', question: (m: string) => `${m}的工作电压是多少？`, manual: (m: string, i: number) => `${m}的工作电压是 ${200 + i} 伏。`, log: (m: string, i: number) => `维修记录：夜班测得${m}运行时的电压为 ${210 + i} 伏。` },
    { meant: 'log', question: (m: string) => `谁可以打开${m}的盖板？`, manual: (m: string) => `只有受过培训的人员才可以打开${m}的盖板。`, log: (m: string) => `维修记录：夜班打开了${m}的盖板。` },
  ],
};

/** Manual and log of every machine. */
export function documents(code: Code): Paper[] {
  return MACHINES[code].flatMap((machine, i) => (['manual', 'log'] as const).map((kind) => {
    const name = nameOf[code][kind](machine);
    return { name, text: `# ${name.slice(0, -3)}\n\n${FACTS[code].map((fact) => fact[kind](machine, i)).join('\n\n')}\n` };
  }));
}

/** What is asked, and what its people mean. */
export function questions(code: Code): Asked[] {
  return FACTS[code].flatMap((fact) => MACHINES[code].map((machine, i) => ({ question: fact.question(machine), name: nameOf[code][fact.meant](machine), quote: fact[fact.meant](machine, i) })));
}
