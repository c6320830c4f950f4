import { Icon } from '../controls/icons.tsx';
import { useWords } from '../words/useWords.ts';

/** The mark of a model that gets to see text on another machine. */
export function Away({ said }: { /** Instead of “leaves this machine”. */ said?: string }) {
  const { models: words } = useWords();
  return <span className="away"><Icon name="globe" size={13} />{said ?? words.leaves}</span>;
}
