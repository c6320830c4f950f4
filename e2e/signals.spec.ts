import type { ChunkId, Engine, Signal, Turn } from '../engine/api.ts';
import { drop, expect, LANGUAGES, picture, settled, test, troubles } from './start.ts';
import { Writer } from './writer.ts';

/** Three notes that a language model makes one answer of, with much between the first and the second that no note says. */
const STORIES = {
  en: {
    notes: {
      'Ferry times.md': 'The ferry to Elmstead leaves at 8:40 from the northern pier.',
      'Ferry tickets.md': 'A ticket for the ferry to Elmstead costs 4 euros and is sold on board.',
      'Ferry dogs.md': 'Dogs travel on the ferry to Elmstead free of charge but have to be kept on a lead.',
    },
    question: 'What should I know about the ferry to Elmstead?',
    between: 'People have always liked to sit in the sun and look at the water.',
    nowhere: 'What is the boiling point of tungsten on Jupiter?',
    unsaid: 'Nobody has measured it on Jupiter; on Earth it is 5930 degrees.',
    correction: 'Dogs travel free of charge on the ferry to Elmstead, on a lead.',
  },
  zh: {
    notes: {
      '渡轮时刻.md': '开往榆树村的渡轮每天上午八点四十从北码头出发。',
      '渡轮票价.md': '开往榆树村的渡轮船票四元，在船上购买。',
      '渡轮宠物.md': '开往榆树村的渡轮允许狗免费乘坐，但必须拴绳。',
    },
    question: '乘坐开往榆树村的渡轮要知道什么？',
    between: '人们一直喜欢坐在阳光下看水。',
    nowhere: '木星上钨的沸点是多少？',
    unsaid: '木星上没有人测过，在地球上是 5930 度。',
    correction: '开往榆树村的渡轮允许狗免费乘坐，但必须拴绳。',
  },
};

/** Longer than a passage has to stand in view to count as seen. */
const LOOK_MILLISECONDS = 700;

async function signals(engine: Engine): Promise<Signal[]> {
  return (await engine.exportFeedback()).split('\n').filter(Boolean).map((line) => (JSON.parse(line) as { signal: Signal }).signal);
}

/** The latest of a kind, once there are so many. */
async function latest<Kind extends Signal['kind']>(engine: Engine, kind: Kind, many: number): Promise<Extract<Signal, { kind: Kind }>> {
  const found = async () => (await signals(engine)).filter((signal): signal is Extract<Signal, { kind: Kind }> => signal.kind === kind);
  await expect.poll(async () => (await found()).length).toBe(many);
  return (await found()).at(-1)!;
}

const turnsOf = async (engine: Engine): Promise<Turn[]> => engine.turns((await engine.conversations())[0]!.id);
/** The chunks that an answer cites, by their numbers. */
const cited = ({ answer }: Turn): ChunkId[] => [1, 2, 3].map((wanted) => answer.sentences.flatMap(({ citations }) => citations).find(({ number }) => number === wanted)!.chunk);

for (const { code, locale, words, reader } of LANGUAGES) {
  const story = STORIES[code];
  const notes = Object.entries(story.notes);

  test.describe(`in ${locale}`, () => {
    test.use({ locale, permissions: ['clipboard-read', 'clipboard-write'] });
    const writer = new Writer();
    test.beforeAll(() => writer.start());
    test.afterAll(() => writer.stop());

    test('what a person opens, passes over, copies and writes is told as it was', async ({ page, lodestone }) => {
      const last = page.locator('.turn').last();
      const mark = (number: number) => last.getByRole('button', { name: words.citation.openAt(number, notes[number - 1]![0]) });
      const close = () => page.getByRole('button', { name: reader.close }).click();
      const ask = async (text: string): Promise<void> => {
        await page.getByLabel(words.ask.label).fill(text);
        await page.keyboard.press('Enter');
        await expect(page.getByRole('heading', { name: text }).last()).toBeVisible();
        await expect(last.getByRole('button', { name: words.ask.answerFailed })).toBeVisible();
      };
      await drop(page, notes.map(([name, text]) => ({ name, bytes: new TextEncoder().encode(`# ${name.slice(0, -3)}\n\n${text}\n`) })));
      await settled(page, words, notes.length);
      const engine = await lodestone.door();
      await engine.useModel('llm', await engine.addServer({ kind: 'openai', address: writer.address, model: writer.model }));
      const [first, ...others] = notes.map(([, text]) => text);
      writer.answer = () => [`${first} [1]\n\n`, ...Array.from({ length: 8 }, () => `${story.between}\n\n`), others.join('\n\n')];

      await test.step('a source that is opened is told with those before it that were in view', async () => {
        await ask(story.question);
        await mark(3).scrollIntoViewIfNeeded();
        await page.waitForTimeout(LOOK_MILLISECONDS);
        await mark(3).click();
        await expect(page.getByRole('region', { name: reader.reader(notes[2]![0]) })).toBeVisible();
        await close();
        const opened = await latest(engine, 'opened', 1);
        const [turn] = await turnsOf(engine);
        expect(opened).toMatchObject({ turn: turn!.id, number: 3, passed: cited(turn!).slice(0, 2) });
        expect(opened.dwell).toBeGreaterThan(0);
        expect(opened.dwell).toBeLessThan(20);
      });

      await test.step('but not with what stood above the window', async () => {
        await page.setViewportSize({ width: 1280, height: 420 });
        await page.getByRole('button', { name: words.ask.newConversation }).click();
        await page.getByRole('button', { name: words.ask.conversations }).click();
        await page.getByRole('dialog').getByRole('button', { name: story.question.slice(0, 8) }).first().click();
        await expect(mark(3)).toBeInViewport();
        await expect(mark(1)).not.toBeInViewport();
        await page.waitForTimeout(LOOK_MILLISECONDS);
        await mark(3).click();
        await close();
        const { passed } = await latest(engine, 'opened', 2);
        expect(passed).toEqual(cited((await turnsOf(engine))[0]!).slice(1, 2));
        await page.setViewportSize({ width: 1280, height: 840 });
      });

      await test.step('copied words are told, by hand and by the button', async () => {
        await last.locator('.answer-sentence').first().selectText();
        await page.keyboard.press('ControlOrMeta+c');
        expect((await latest(engine, 'copied', 1)).text).toContain(first!.slice(0, 12));
        await last.getByRole('button', { name: words.ask.copy }).click();
        expect((await latest(engine, 'copied', 2)).text).toContain(`${others[1]}[3]`);
      });

      const putRight = async (text: string): Promise<void> => {
        await last.getByRole('button', { name: words.ask.answerFailed }).click();
        const question = last.getByRole('group', { name: words.ask.reasonQuestion });
        await question.getByRole('button', { name: words.ask.putRight }).click();
        await expect(question, 'one question, not two').toHaveCount(0);
        const field = last.getByLabel(words.ask.putRightLabel);
        await expect(field).toBeFocused();
        await expect(last.getByRole('button', { name: words.ask.putRightKeep })).toBeDisabled();
        await field.fill(text);
        expect(await troubles(page)).toEqual([]);
        await last.getByRole('button', { name: words.ask.putRightKeep }).click();
        await expect(field).toHaveCount(0);
        await expect(last.locator('.answer-corrected')).toContainText(text);
        await expect(question).toHaveCount(0);
      };
      await test.step('an answer can be put right, and what says so is learned', async () => {
        await putRight(story.correction);
        expect(await latest(engine, 'corrected', 1)).toEqual({ kind: 'corrected', turn: (await turnsOf(engine))[0]!.id, text: story.correction });
        await picture(page, `signals-${code}-put-right`);
        const { questions, gaps } = await engine.learning();
        expect([questions, gaps]).toEqual([1, []]);
      });

      await test.step('a nearest passage that is opened counts as opened', async () => {
        await ask(story.nowhere);
        const near = last.getByRole('list', { name: words.ask.nearest }).getByRole('button');
        await expect(near).toHaveCount(3);
        await page.waitForTimeout(LOOK_MILLISECONDS);
        await near.nth(1).click();
        await close();
        const opened = await latest(engine, 'opened', 3);
        const turn = (await turnsOf(engine)).at(-1)!;
        expect(opened).toMatchObject({ turn: turn.id, chunk: turn.hits[1]!.chunk, passed: [turn.hits[0]!.chunk] });
        await page.getByRole('button', { name: words.settings.title, exact: true }).click();
        await page.getByRole('tab', { name: words.settings.sections.feedback }).click();
        await expect(page.getByRole('tabpanel').getByText(words.feedback.signals.openedPassage(opened.dwell)).first()).toBeVisible();
        await page.keyboard.press('Escape');
      });

      await test.step('what no document says is listed as a gap', async () => {
        await putRight(story.unsaid);
        await page.getByRole('button', { name: words.learning.title, exact: true }).click();
        const dialog = page.getByRole('dialog', { name: words.learning.title });
        await dialog.getByText(words.learning.gaps(1)).click();
        const gap = dialog.locator('.gaps').getByRole('listitem');
        await expect(gap).toContainText(story.nowhere);
        await expect(gap).toContainText(story.unsaid);
        await picture(page, `signals-${code}-gap`);
        expect(await troubles(page)).toEqual([]);
        await engine.deleteFeedback((await engine.feedback()).filter(({ signal }) => signal.kind === 'corrected').map(({ id }) => id));
        await expect(gap).toHaveCount(0);
      });
    });
  });
}
