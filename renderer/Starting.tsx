import { Sign } from './controls/icons.tsx';
import './Starting.css';
import { wordsFor } from './words/useWords.ts';

/** Until the engine answers; appears only when that takes a moment. */
export function Starting() {
  return (
    <div className="starting" role="status">
      <Sign size={44} />
      <p>{wordsFor('system').general.starting}</p>
    </div>
  );
}
