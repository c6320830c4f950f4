import { useEffect, useRef, useState } from 'react';
import { Icon } from '../controls/icons.tsx';
import { dropped, type Gift } from '../host.ts';
import { useWords } from '../words/useWords.ts';
import './DropVeil.css';

/** Takes files dropped anywhere in the window, and shows while they hover that it will. */
export function DropVeil({ into, onGive }: { into: string; onGive(gift: Gift): void }) {
  const words = useWords();
  const [over, setOver] = useState(false);
  const give = useRef(onGive);
  give.current = onGive;

  useEffect(() => {
    // Every element the pointer crosses says enter and leave; files are over the window while the enters are more.
    let depth = 0;
    const bringsFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
    const enter = (event: DragEvent): void => {
      if (!bringsFiles(event)) return;
      depth++;
      setOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (!bringsFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(false);
    };
    const hover = (event: DragEvent): void => {
      if (!bringsFiles(event)) return;
      event.preventDefault();
      event.dataTransfer!.dropEffect = 'copy';
    };
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      depth = 0;
      setOver(false);
      if (bringsFiles(event)) void dropped(event.dataTransfer!).then(give.current);
    };
    window.addEventListener('dragenter', enter);
    window.addEventListener('dragleave', leave);
    window.addEventListener('dragover', hover);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragenter', enter);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('dragover', hover);
      window.removeEventListener('drop', drop);
    };
  }, []);

  if (!over) return null;
  return (
    <div className="veil">
      <div className="veil-frame">
        <Icon name="drop" size={40} />
        <p className="veil-title">{words.library.dropTitle}</p>
        <p>{words.library.dropText(into)}</p>
      </div>
    </div>
  );
}
