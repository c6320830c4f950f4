import type { Library, LibraryId } from '../../engine/api.ts';
import { useAsking } from '../controls/Asking.tsx';
import { Icon } from '../controls/icons.tsx';
import { Menu, type MenuItem } from '../controls/Menu.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { count } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import './LibrarySwitch.css';

/** The library's name as a button: choose another, make one, rename or remove this one. */
export function LibrarySwitch({ library, libraries, onChoose, onFaq }: { library: Library; libraries: Library[]; onChoose(library: LibraryId | undefined): void; onFaq(): void }) {
  const words = useWords();
  const engine = useEngine();
  const { run } = useToaster();
  const { confirm, name } = useAsking();

  const create = async (): Promise<void> => {
    const chosen = await name({ title: words.library.createTitle, label: words.library.nameLabel, placeholder: words.library.namePlaceholder });
    if (chosen !== undefined) onChoose(await engine.createLibrary(chosen));
  };
  const rename = async (): Promise<void> => {
    const chosen = await name({ title: words.library.renameTitle, label: words.library.nameLabel, start: library.name });
    if (chosen !== undefined) await engine.renameLibrary(library.id, chosen);
  };
  const remove = async (): Promise<void> => {
    const sure = await confirm({ title: words.library.removeTitle(library.name), text: words.library.removeText(library.documents), action: words.general.remove });
    if (!sure) return;
    await engine.removeLibrary(library.id);
    onChoose(undefined);
  };

  const items: MenuItem[] = [
    ...libraries.map((each) => ({
      label: each.name,
      checked: each.id === library.id,
      detail: count(words.language, each.documents),
      do: () => onChoose(each.id),
    })),
    { label: words.library.create, icon: 'add', parted: true, do: () => run(create) },
    { label: words.answers.faq.menu, icon: 'conversations', parted: true, do: onFaq },
    { label: words.general.rename, icon: 'edit', do: () => run(rename) },
    { label: words.general.remove, icon: 'remove', danger: true, do: () => run(remove) },
  ];

  return (
    <Menu label={words.library.switch} items={items}>
      <button type="button" className="library-switch" aria-label={`${words.library.switch}: ${library.name}`}>
        <span>{library.name}</span>
        <Icon name="chevron" size={16} />
      </button>
    </Menu>
  );
}
